"""Engines of jobs: implementations of `archive.jobs.JobQueue`, for `crawler.cli` to hand out."""
