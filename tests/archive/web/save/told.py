"""Archiving without a network: what becomes of each URL is told by the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.jobs import Failure, Job
from crawler.jobs.local import Ending, Tell

AT = "20261122100000"
"""When everything was captured."""


@dataclass(slots=True)
class Told:
    """A worker that says of each URL what it was told to."""

    errors: dict[str, str] = field(default_factory=dict)  #: reasons by URL
    statuses: dict[str, int] = field(default_factory=dict)  #: by URL; else 200
    go: threading.Event = field(default_factory=threading.Event)  #: set: it works

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
        """See Worker."""
        while not (self.go.is_set() or stop.is_set()):  # noqa: ASYNC110 - set in another thread
            await asyncio.sleep(0.01)
        for job in jobs:
            tell(self._ending(job, stopped=stop.is_set()))

    def _ending(self, job: Job, *, stopped: bool) -> Ending:
        url = job.arguments["url"]
        reason = "interrupted" if stopped else self.errors.get(url)
        if reason:
            return Ending(job=job, error=Failure(reason=reason, message=f"{reason}: {url}"))
        result = {
            "ok": True,
            "state": "stored",
            "url": url,
            "final_url": url,
            "status": self.statuses.get(url, 200),
            "timestamp": AT,
            "memento": f"/web/{AT}/{url}",
            "requisites": {"ok": 2, "failed": 0},
        }
        return Ending(job=job, result=result)
