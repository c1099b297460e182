"""The queue that a configuration asks for."""

from __future__ import annotations

from archive.jobs import ARCHIVE, JobQueue, Limits
from config.schema import Configuration
from crawler.jobs.archiving import ArchiveWorker
from crawler.jobs.local import LocalQueue

LIMITS = Limits(waiting=1000, running=2)
"""Each that runs is a process of 100 MB and more."""


def open_queue(configuration: Configuration) -> JobQueue | None:
    """A queue in this process; None where nothing may be archived: without `contact`."""
    if not configuration.contact:
        return None
    worker = ArchiveWorker(grace=configuration.shutdown_grace)
    return LocalQueue({ARCHIVE: worker}, LIMITS)
