"""A queue in this process: jobs wait in memory, and are lost when the process ends."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Protocol

from archive.errors import JobNotRetried, JobUnknown, QueueFull
from archive.jobs import Failure, Job, JobQuery, JobRequest, JobState, Limits, Load
from archive.timestamps import now

logger = logging.getLogger(__name__)

BATCH = 10
"""Jobs that one worker is given at once, where so many wait. Their results come together."""

REMEMBERED = 10_000
"""Ended jobs that are known at most."""

_FORGOTTEN = 100
"""Jobs that one question drops at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a worker made of one job."""

    job: Job  #: as the worker was given it
    result: Mapping[str, object] | None = None
    error: Failure | None = None  #: None: it is done
    cut_short: bool = False  #: only because the worker was asked to stop


Tell = Callable[[Ending], None]


class Worker(Protocol):
    """Does the jobs of one kind."""

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
        """Do the jobs together, and tell the ending of each as soon as it is known. When `stop` is
        set: end soon, in order."""


@dataclass(slots=True, eq=False)
class _Entry:
    job: Job
    key: tuple[str, str] | None  # kind and key
    number: int  # in the order in which they came
    result_at: datetime | None = None  # None: when the job ended
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class _Batch:
    entries: list[_Entry]  # that have not ended
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class LocalQueue:
    """A JobQueue whose workers run in this process, or are started by it.

    To be used in one event loop. `limits.running` counts batches, so more jobs than that may run.
    """

    def __init__(self, workers: Mapping[str, Worker], limits: Limits) -> None:
        """`workers`: for each kind of jobs the one that does them."""
        self._workers = workers
        self._limits = limits
        self._entries: dict[str, _Entry] = {}
        self._keys: dict[tuple[str, str], _Entry] = {}  # the newest of each
        self._queued: dict[str, _Entry] = {}  # those that wait
        self._ended: dict[str, _Entry] = {}  # in the order in which they ended
        self._batches: dict[asyncio.Task[None], _Batch] = {}
        self._number = 0
        self._closed = False

    @property
    def limits(self) -> Limits:
        """See JobQueue."""
        return self._limits

    async def submit(self, request: JobRequest) -> Job:
        """See JobQueue."""
        self._forget()
        key = None if request.key is None else (request.kind, request.key)
        known = self._keys.get(key) if key is not None else None
        if known is not None and _serves(known, request, now()):
            return known.job
        if request.result is None:
            self._make_room()
        moment = now()
        done = request.result is not None
        job = Job(
            id=secrets.token_hex(20),
            kind=request.kind,
            arguments=dict(request.arguments),
            state="success" if done else "waiting",
            submitted=moment,
            ended=moment if done else None,
            partition=request.partition,
            priority=request.priority,
            by=request.by,
            result=request.result,
        )
        self._number += 1
        entry = self._entries[job.id] = _Entry(job, key, self._number, request.result_at)
        if key is not None:
            self._keys[key] = entry
        if done:
            self._ended[job.id] = entry
            entry.over.set()
        else:
            self._queued[job.id] = entry
        self._start()
        return entry.job

    async def get(self, job: str) -> Job:
        """See JobQueue."""
        return self._entry(job).job

    async def list(self, query: JobQuery) -> Sequence[Job]:
        """See JobQueue."""
        last = self._number + 1 if query.before is None else self._entry(query.before).number
        self._forget()
        found: list[Job] = []
        for entry in reversed(self._entries.values()):
            job = entry.job
            if (
                entry.number < last
                and query.kind in (None, job.kind)
                and (not query.states or job.state in query.states)
            ):
                found.append(job)
            if len(found) == query.limit:
                break
        return found

    async def load(self, by: str | None = None) -> Load:
        """See JobQueue."""
        mine = [entry.job.state for entry in self._entries.values() if by in (None, entry.job.by)]
        room = max(0, self._limits.waiting - len(self._queued))
        return Load(waiting=mine.count("waiting"), running=mine.count("running"), room=room)

    async def cancel(self, job: str) -> Job:
        """See JobQueue."""
        entry = self._entry(job)
        if entry.job.state == "waiting":
            self._end(entry, "cancelled")
        elif entry.job.state == "running":
            entry.job = replace(entry.job, cancelling=True)
            for batch in self._batches.values():
                if entry in batch.entries:
                    batch.stop.set()
        return entry.job

    async def retry(self, job: str) -> Job:
        """See JobQueue."""
        entry = self._entry(job)
        if entry.job.state not in ("error", "cancelled"):
            raise JobNotRetried(entry.job.id, entry.job.state)
        other = self._keys.get(entry.key) if entry.key is not None else None
        if other is not None and _is_at_it(other.job):
            return other.job
        self._make_room()
        entry.over = asyncio.Event()
        entry.job = replace(entry.job, ended=None, result=None, error=None)
        del self._ended[entry.job.id]
        self._queue(entry)
        if entry.key is not None:
            self._keys[entry.key] = entry
        self._start()
        return entry.job

    async def wait(self, job: str, seconds: float) -> Job:
        """See JobQueue."""
        entry = self._entry(job)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await entry.over.wait()
        return entry.job

    async def close(self) -> None:
        """See JobQueue. Jobs that wait are not begun any more."""
        self._closed = True
        running = sum(len(batch.entries) for batch in self._batches.values())
        if running:
            logger.warning("waiting until jobs that run (%s) have kept what they captured", running)
        for batch in self._batches.values():
            batch.stop.set()
        while self._batches:
            await asyncio.wait(list(self._batches))
            await asyncio.sleep(0)  # what they are followed by takes them out

    def _entry(self, job: str) -> _Entry:
        self._forget()
        if job not in self._entries:
            raise JobUnknown(job)
        return self._entries[job]

    def _queue(self, entry: _Entry) -> None:
        entry.job = replace(entry.job, state="waiting", started=None)
        self._queued[entry.job.id] = entry

    def _make_room(self) -> None:
        waiting = len(self._queued)
        if self._closed or waiting >= self._limits.waiting:
            raise QueueFull(waiting)

    def _forget(self) -> None:
        """Drop what ended long ago, and the oldest of too many."""
        since = now() - self._limits.remembered
        for entry in tuple(islice(self._ended.values(), _FORGOTTEN)):
            young = entry.job.ended is not None and entry.job.ended > since
            if young and len(self._ended) <= REMEMBERED:
                break
            del self._ended[entry.job.id]
            del self._entries[entry.job.id]
            if entry.key is not None and self._keys.get(entry.key) is entry:
                del self._keys[entry.key]

    def _start(self) -> None:
        """Begin what has its turn."""
        while not self._closed and len(self._batches) < self._limits.running:
            entries = list(self._next())
            if not entries:
                return
            for entry in entries:
                attempts = entry.job.attempts + 1
                del self._queued[entry.job.id]
                entry.job = replace(entry.job, state="running", started=now(), attempts=attempts)
            batch = _Batch(entries)
            task = asyncio.create_task(self._run(batch))
            self._batches[task] = batch
            task.add_done_callback(self._followed)

    def _next(self) -> Iterator[_Entry]:
        """The jobs of the next batch: all of one kind, and of no partition that is at work."""
        busy = {entry.job.partition for batch in self._batches.values() for entry in batch.entries}
        kind: str | None = None
        number = 0
        order = sorted(self._queued.values(), key=lambda one: (-one.job.priority, one.number))
        for entry in order:
            job = entry.job
            if job.partition is not None and job.partition in busy:
                continue
            if number < BATCH and kind in (None, job.kind):
                kind, number = job.kind, number + 1
                yield entry
            elif job.partition is not None:
                # Its turn would have been now: what came later does not overtake it.
                busy.add(job.partition)

    def _followed(self, task: asyncio.Task[None]) -> None:
        del self._batches[task]
        self._start()

    async def _run(self, batch: _Batch) -> None:
        entries = {entry.job.id: entry for entry in batch.entries}

        def tell(ending: Ending) -> None:
            entry = entries.pop(ending.job.id)
            batch.entries.remove(entry)
            self._settle(entry, ending)
            self._start()  # its partition may be free

        jobs = [entry.job for entry in batch.entries]
        try:
            await self._workers[jobs[0].kind].run(jobs, batch.stop, tell)
        except Exception:  # a defect of one worker must not stop the others
            logger.exception("the jobs %s failed", ", ".join(job.id for job in jobs))
        for entry in tuple(entries.values()):
            tell(_lost(entry.job))

    def _settle(self, entry: _Entry, ending: Ending) -> None:
        if ending.error is None:
            self._end(entry, "success", ending)
        elif entry.job.cancelling:
            self._end(entry, "cancelled", replace(ending, error=None))
        elif ending.cut_short and not self._closed:
            self._queue(entry)  # another job of the batch was cancelled
        else:
            self._end(entry, "error", ending)

    def _end(self, entry: _Entry, state: JobState, ending: Ending | None = None) -> None:
        entry.job = replace(
            entry.job,
            state=state,
            ended=now(),
            result=ending.result if ending else None,
            error=ending.error if ending else None,
            cancelling=False,
        )
        self._queued.pop(entry.job.id, None)
        self._ended[entry.job.id] = entry
        entry.over.set()


def _serves(known: _Entry, request: JobRequest, moment: datetime) -> bool:
    """Whether a job of the same key will do for the request."""
    job = known.job
    if not job.is_ended:
        return _is_at_it(job)
    done = known.result_at or job.ended
    return job.state == "success" and done is not None and done + request.within > moment


def _is_at_it(job: Job) -> bool:
    """Whether it waits or runs, and is not about to be cancelled."""
    return not job.is_ended and not job.cancelling


def _lost(job: Job) -> Ending:
    message = "the server could not do this job, and its log says why: try it again later"
    return Ending(job=job, error=Failure(reason="failed", message=message))
