"""Engines of jobs: implementations of `archive.jobs.JobQueue`, for `crawler.cli` to hand out."""

from crawler.jobs.archiving import ArchiveWorker
from crawler.jobs.local import LocalQueue

__all__ = ["ArchiveWorker", "LocalQueue"]
