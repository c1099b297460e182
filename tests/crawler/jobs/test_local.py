"""The queue in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest

from archive.errors import JobUnknown, QueueFull
from archive.jobs import Failure, Job, JobQuery, JobQueue, JobRequest, Limits
from crawler.jobs import local
from crawler.jobs.local import BATCH, Ending, LocalQueue, Tell, Worker
from tests.crawler.jobs.conformance import (
    KIND,
    WAITING,
    Direction,
    QueueConformance,
    in_loop,
    request,
)


class Directed:
    """A worker whose jobs a test directs."""

    def __init__(self, work: Direction) -> None:
        self._work = work

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
        """See Worker."""
        for job in jobs:
            await self._work.begin(job.arguments["name"])
        await asyncio.gather(*(self._do(job, stop, tell) for job in jobs))

    async def _do(self, job: Job, stop: asyncio.Event, tell: Tell) -> None:
        name = job.arguments["name"]
        error = await self._work.outcome(name, stop)
        result = {"name": name} if error is None else None
        cut = error is not None and error.reason == "interrupted"
        tell(Ending(job=job, result=result, error=error, cut_short=cut))


class Broken:
    """A worker with a defect."""

    async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
        """See Worker."""
        raise RuntimeError("a defect")


@asynccontextmanager
async def queue_of(
    work: Direction, *, running: int = 1, remembered: timedelta = timedelta(hours=1)
) -> AsyncIterator[LocalQueue]:
    limits = Limits(waiting=WAITING, running=running, remembered=remembered)
    queue = LocalQueue({KIND: Directed(work), "broken": Broken()}, limits)
    try:
        yield queue
    finally:
        await queue.close()


class TestLocalQueue(QueueConformance):
    """It is a JobQueue."""

    def opened(self, work: Direction) -> AbstractAsyncContextManager[JobQueue]:
        return queue_of(work)


@in_loop
async def test_what_waits_is_done_together_and_no_more_than_a_batch() -> None:
    work = Direction()
    limits = Limits(waiting=BATCH + 1, running=1)
    queue = LocalQueue({KIND: Directed(work)}, limits)
    await queue.submit(request("first"))
    await work.begins("first")
    for number in range(BATCH + 1):
        await queue.submit(request(str(number)))
    await work.end("first")
    await work.begins(str(BATCH - 1))
    load = await queue.load()
    assert (load.running, load.waiting) == (BATCH, 1)
    await queue.close()


@in_loop
async def test_one_partition_is_never_at_work_twice() -> None:
    work = Direction()
    async with queue_of(work, running=2) as queue:
        await queue.submit(request("a", partition="x"))
        await work.begins("a")
        same = await queue.submit(request("b", partition="x"))
        await queue.submit(request("c", partition="y"))
        await work.begins("c")
        assert (await queue.get(same.id)).state == "waiting"
        await work.end("a")
        await work.begins("b")


@in_loop
async def test_the_others_of_a_cancelled_batch_wait_again() -> None:
    work = Direction()
    async with queue_of(work) as queue:
        await queue.submit(request("first"))
        await work.begins("first")
        one, other = await queue.submit(request("one")), await queue.submit(request("other"))
        await work.end("first")
        await work.begins("other")
        await queue.cancel(one.id)
        assert (await queue.wait(one.id, 60)).state == "cancelled"
        await work.end("other")
        done = await queue.wait(other.id, 60)
        assert (done.state, done.attempts) == ("success", 2)


@in_loop
async def test_one_that_waits_again_has_not_started() -> None:
    begun, told, held = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Lingering:
        async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
            begun.set()
            await stop.wait()
            failure = Failure(reason="interrupted", message="stopped")
            for job in jobs:
                tell(Ending(job=job, error=failure, cut_short=True))
            told.set()
            await held.wait()

    work = Direction()
    workers: dict[str, Worker] = {KIND: Directed(work), "lingering": Lingering()}
    queue = LocalQueue(workers, Limits(waiting=WAITING, running=1))
    await queue.submit(request("first"))
    await work.begins("first")
    one, other = [await queue.submit(JobRequest(kind="lingering", arguments={})) for _ in range(2)]
    await work.end("first")
    await begun.wait()
    await queue.cancel(one.id)
    await told.wait()
    waits = await queue.get(other.id)
    assert (waits.state, waits.started) == ("waiting", None)
    held.set()
    await queue.close()


@in_loop
async def test_what_is_told_counts_before_the_worker_ends() -> None:
    work = Direction()
    async with queue_of(work, running=2) as queue:
        for name in ("first", "first too"):
            await queue.submit(request(name))
            await work.begins(name)
        a, b = [await queue.submit(request(name, partition=name)) for name in ("a", "b")]
        await work.end("first")
        await work.begins("b")  # together with a
        await work.end("first too")
        again = await queue.submit(request("c", partition="a"))
        assert (await queue.get(again.id)).state == "waiting"
        await work.end("a")
        await work.begins("c")
        assert (await queue.get(a.id)).state == "success"
        assert (await queue.get(b.id)).state == "running"


@in_loop
async def test_a_job_that_was_done_all_the_same_is_a_success() -> None:
    class Stubborn:
        async def run(self, jobs: Sequence[Job], stop: asyncio.Event, tell: Tell) -> None:
            await stop.wait()
            for job in jobs:
                tell(Ending(job=job, result={}))

    queue = LocalQueue({KIND: Stubborn()}, Limits(waiting=1, running=1))
    job = await queue.submit(request("a"))
    assert (await queue.cancel(job.id)).cancelling
    assert (await queue.wait(job.id, 60)).state == "success"


@in_loop
async def test_a_defect_of_a_worker_fails_its_jobs_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work = Direction()
    async with queue_of(work) as queue:
        job = await queue.submit(JobRequest(kind="broken", arguments={}))
        failed = await queue.wait(job.id, 60)
        assert failed.error is not None
        assert (failed.state, failed.error.reason) == ("error", "failed")
        assert "a defect" not in failed.error.message
        assert "a defect" in caplog.text
        after = await queue.submit(request("a"))
        await work.end("a")
        assert (await queue.wait(after.id, 60)).state == "success"


@in_loop
async def test_ended_jobs_are_forgotten_after_their_time() -> None:
    work = Direction()
    async with queue_of(work, remembered=timedelta(0)) as queue:
        job = await queue.submit(request("a", key="k", result={}))
        with pytest.raises(JobUnknown):
            await queue.get(job.id)
        assert await queue.list(JobQuery()) == []


@in_loop
async def test_the_oldest_of_too_many_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "REMEMBERED", 2)
    work = Direction()
    async with queue_of(work) as queue:
        jobs = [await queue.submit(request(str(n), result={})) for n in range(4)]
        found = await queue.list(JobQuery())
        assert [job.id for job in found] == [jobs[3].id, jobs[2].id]


@in_loop
async def test_a_closed_queue_takes_and_begins_nothing() -> None:
    work = Direction()
    async with queue_of(work) as queue:
        await queue.submit(request("a"))
        await work.begins("a")
        waits = await queue.submit(request("b"))
        await queue.close()
        assert (await queue.get(waits.id)).state == "waiting"
        with pytest.raises(QueueFull):
            await queue.submit(request("c"))
        assert work.begun == ["a"]
        failed = (await queue.list(JobQuery(states=("error",))))[0]
        assert failed.error == Failure(reason="interrupted", message="stopped")
