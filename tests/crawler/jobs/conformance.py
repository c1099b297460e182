"""What every JobQueue does. A test class derives from it and gives a queue whose work obeys it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import Any

import pytest

from archive.errors import JobNotRetried, JobUnknown, QueueFull
from archive.jobs import Failure, Job, JobQuery, JobQueue, JobRequest
from archive.timestamps import now

KIND = "test"

WAITING = 5
"""Jobs that may wait in a queue that is tested."""

LONG = timedelta(hours=1)
PATIENCE = 60.0


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs in an event loop of its own."""

    @wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run


@dataclass(slots=True)
class Direction:
    """Work that a test directs: a job with the argument `name` ends when the test says so."""

    begun: list[str] = field(default_factory=list)  #: names, in the order in which they began
    ended: dict[str, Failure | None] = field(default_factory=dict)  #: how each is to end
    stopped: list[str] = field(default_factory=list)  #: those that were asked to stop
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def end(self, name: str, error: Failure | None = None) -> None:
        """Let a job end."""
        async with self.changed:
            self.ended[name] = error
            self.changed.notify_all()

    async def begins(self, name: str) -> None:
        """Wait until a job has begun."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: name in self.begun)

    async def begin(self, name: str) -> None:
        """To be called by the work itself."""
        async with self.changed:
            self.begun.append(name)
            self.changed.notify_all()

    async def outcome(self, name: str, stop: asyncio.Event) -> Failure | None:
        """To be called by the work itself: how a job ends, when it does."""
        stopping = asyncio.create_task(stop.wait())

        async def told() -> None:
            async with self.changed:
                await self.changed.wait_for(lambda: name in self.ended)

        waiting = asyncio.create_task(told())
        try:
            await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            waiting.cancel()
            await asyncio.gather(stopping, waiting, return_exceptions=True)
        if name in self.ended:
            return self.ended.pop(name)
        self.stopped.append(name)
        return Failure(reason="interrupted", message="stopped")


def request(name: str, **more: Any) -> JobRequest:
    """A job of the name."""
    return JobRequest(kind=KIND, arguments={"name": name}, **more)


class QueueConformance(ABC):
    """Derive, and give `opened`."""

    @abstractmethod
    def opened(self, work: Direction) -> AbstractAsyncContextManager[JobQueue]:
        """A queue that takes WAITING jobs, runs one at a time, and does them as `work` says.

        A job that ends well has the result `{"name": its name}`. It is closed in the end.
        """

    async def _over(self, queue: JobQueue, job: Job) -> Job:
        found = await queue.wait(job.id, PATIENCE)
        assert found.is_ended
        return found

    @in_loop
    async def test_a_job_waits_runs_and_succeeds(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a", by="me", partition="example.org"))
            assert len(job.id) == 40
            assert (job.kind, job.by, job.partition) == (KIND, "me", "example.org")
            await work.begins("a")
            running = await queue.get(job.id)
            assert (running.state, running.attempts, running.is_ended) == ("running", 1, False)
            assert running.started is not None
            assert running.started >= running.submitted
            await work.end("a")
            done = await self._over(queue, job)
            assert (done.state, done.result, done.error) == ("success", {"name": "a"}, None)
            assert done.ended is not None
            assert done.ended >= running.started

    @in_loop
    async def test_a_failure_is_told_and_can_be_retried(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a"))
            failure = Failure(reason="timeout", message="it did not answer")
            await work.end("a", failure)
            failed = await self._over(queue, job)
            assert (failed.state, failed.error) == ("error", failure)
            again = await queue.retry(job.id)
            assert (again.id, again.is_ended, again.error) == (job.id, False, None)
            await work.end("a")
            done = await self._over(queue, job)
            assert (done.state, done.attempts) == ("success", 2)
            with pytest.raises(JobNotRetried):
                await queue.retry(job.id)

    @in_loop
    async def test_one_that_waits_or_runs_cannot_be_retried(self) -> None:
        async with self.opened(Direction()) as queue:
            job = await queue.submit(request("a"))
            with pytest.raises(JobNotRetried):
                await queue.retry(job.id)

    @in_loop
    async def test_a_retried_job_that_waits_has_not_started(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a"))
            await work.end("a", Failure(reason="failed", message="it failed"))
            assert (await self._over(queue, job)).started is not None
            await queue.submit(request("busy"))
            await work.begins("busy")
            again = await queue.retry(job.id)
            assert (again.state, again.started, again.attempts) == ("waiting", None, 1)

    @in_loop
    async def test_a_retry_gives_back_another_that_is_at_the_same(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            failed = await queue.submit(request("a", key="k"))
            await work.end("a", Failure(reason="failed", message="it failed"))
            await self._over(queue, failed)
            other = await queue.submit(request("b", key="k"))
            assert (await queue.retry(failed.id)).id == other.id
            assert (await queue.get(failed.id)).state == "error"
            await work.end("b")
            await self._over(queue, other)
            again = await queue.retry(failed.id)
            assert (again.id, again.is_ended) == (failed.id, False)

    @in_loop
    async def test_an_unknown_job(self) -> None:
        async with self.opened(Direction()) as queue:
            for ask in (queue.get, queue.cancel, queue.retry):
                with pytest.raises(JobUnknown):
                    await ask("f" * 40)
            with pytest.raises(JobUnknown):
                await queue.wait("f" * 40, 1)

    @in_loop
    async def test_the_greater_priority_first_then_in_order(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            await queue.submit(request("first", partition="x"))
            await work.begins("first")
            jobs = [
                await queue.submit(request(name, partition="x", priority=priority))
                for name, priority in (("b", 0), ("c", 0), ("a", 1))
            ]
            for name in ("first", "a", "b", "c"):
                await work.end(name)
            for job in jobs:
                await self._over(queue, job)
            assert work.begun == ["first", "a", "b", "c"]

    @in_loop
    async def test_no_more_wait_than_there_is_room_for(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            await queue.submit(request("runs"))
            await work.begins("runs")
            waiting = [await queue.submit(request(str(n))) for n in range(WAITING)]
            assert (await queue.load()).room == 0
            with pytest.raises(QueueFull):
                await queue.submit(request("too many"))
            await queue.cancel(waiting[0].id)
            assert (await queue.load()).room == 1
            await queue.submit(request("one more"))

    @in_loop
    async def test_a_job_that_waits_is_cancelled_at_once(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            await queue.submit(request("runs"))
            await work.begins("runs")
            job = await queue.submit(request("waits"))
            cancelled = await queue.cancel(job.id)
            assert (cancelled.state, cancelled.ended is not None) == ("cancelled", True)
            assert (await queue.cancel(job.id)).state == "cancelled"
            assert "waits" not in work.begun

    @in_loop
    async def test_a_job_that_runs_is_stopped(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a"))
            await work.begins("a")
            asked = await queue.cancel(job.id)
            assert asked.state == "cancelled" or asked.cancelling
            done = await self._over(queue, job)
            assert (done.state, done.cancelling, work.stopped) == ("cancelled", False, ["a"])
            await work.end("a")
            await queue.retry(job.id)
            assert (await self._over(queue, job)).state == "success"

    @in_loop
    async def test_the_same_again_while_it_runs_and_lately(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a", key="k"))
            assert (await queue.submit(request("b", key="k"))).id == job.id
            await work.end("a")
            await self._over(queue, job)
            assert (await queue.submit(request("c", key="k", within=LONG))).id == job.id
            new = await queue.submit(request("d", key="k"))
            assert new.id != job.id
            assert (await queue.submit(request("e", key="other"))).id not in (job.id, new.id)

    @in_loop
    async def test_a_failure_is_not_the_same_again(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a", key="k"))
            await work.end("a", Failure(reason="failed", message="it failed"))
            await self._over(queue, job)
            assert (await queue.submit(request("b", key="k", within=LONG))).id != job.id

    @in_loop
    async def test_a_result_that_is_known_needs_no_work(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a", key="k", result={"name": "known"}))
            assert (job.state, job.result, job.is_ended) == ("success", {"name": "known"}, True)
            assert (await queue.get(job.id)).state == "success"
            assert (await queue.submit(request("b", key="k", within=LONG))).id == job.id
            assert not work.begun

    @in_loop
    async def test_a_known_result_is_as_old_as_it_is(self) -> None:
        async with self.opened(Direction()) as queue:
            old = now() - 2 * LONG
            job = await queue.submit(request("a", key="k", result={}, result_at=old))
            assert (await queue.submit(request("b", key="k", within=3 * LONG))).id == job.id
            assert (await queue.submit(request("c", key="k", within=LONG))).id != job.id

    @in_loop
    async def test_lists_by_what_is_asked_for(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            first = await queue.submit(request("a", by="me"))
            await work.begins("a")
            second = await queue.submit(request("b", by="you"))
            third = await queue.submit(request("c", by="me"))

            async def ids(**query: Any) -> list[str]:
                return [job.id for job in await queue.list(JobQuery(**query))]

            assert await ids() == [third.id, second.id, first.id]
            assert await ids(limit=2) == [third.id, second.id]
            assert await ids(limit=2, before=second.id) == [first.id]
            assert await ids(states=("running",)) == [first.id]
            assert await ids(states=("waiting",)) == [third.id, second.id]
            assert await ids(kind="other") == []
            with pytest.raises(JobUnknown):
                await queue.list(JobQuery(before="f" * 40))
            load = await queue.load("me")
            assert (load.waiting, load.running) == (1, 1)

    @in_loop
    async def test_waiting_for_a_job_ends_with_the_time(self) -> None:
        async with self.opened(Direction()) as queue:
            job = await queue.submit(request("a"))
            assert not (await queue.wait(job.id, 0.01)).is_ended

    @in_loop
    async def test_what_runs_is_stopped_when_the_queue_is_closed(self) -> None:
        work = Direction()
        async with self.opened(work) as queue:
            job = await queue.submit(request("a"))
            await work.begins("a")
            await queue.close()
            assert work.stopped == ["a"]
            found = await queue.get(job.id)
            assert found.state != "success"
