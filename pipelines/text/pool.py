"""Extraction of text in worker processes that can be killed, a page each at a time.

Parsers can be held up for minutes, eat all memory, or crash, by a page of a megabyte; and they are
not safe in threads. So each page has a deadline, each worker a limit of memory and of CPU time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal

from archive.errors import ArchiveError
from archive.model import Article
from pipelines.extraction.page import RawPage, failed, refused
from pipelines.text.process import WorkerError, WorkerLost, WorkerProcess

__all__ = ["PoolClosed", "RawPage", "TextPool", "WorkerError"]

_LOG = logging.getLogger(__name__)


class PoolClosed(ArchiveError):
    """The pool was closed before the page was done; its text can be extracted from the capture."""


class TextPool:
    """A fixed number of workers on one event loop; belongs to the loop of its first `extract`.

    `deadline`: seconds of wall-clock time for a page, and of CPU time. `memory`: bytes of address
    space of a worker. `recycle`: pages after which a worker is replaced.
    """

    def __init__(
        self,
        *,
        workers: int,
        deadline: float = 20.0,
        memory: int = 1_500 << 20,
        recycle: int = 1000,
    ) -> None:
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        self._count = workers
        self._deadline = deadline
        self._memory = memory
        self._recycle = recycle
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._closed = False

    def start(self, workers: int | None = None) -> None:
        """Start so many processes now (all of them), which import while the caller does something
        else. Otherwise `extract` starts them when they are needed. Raises WorkerError.
        """
        wanted = self._count if workers is None else min(workers, self._count)
        while not self._closed and len(self._idle) + len(self._busy) < wanted:
            self._idle.append(self._spawn())

    async def extract(self, page: RawPage) -> Article:
        """The article; one that failed says by `extraction_status` how. Waits for a free worker.

        Never raises for a page. Raises PoolClosed, and WorkerError when no worker can be started.
        """
        if (article := refused(page)) is not None:
            return article
        self._check_open(page)
        async with self._slots:
            self._check_open(page)
            worker = self._take()
            self._busy.add(worker)
            try:
                await worker.ready()
                return await self._attempt(worker, page)
            except WorkerError:  # it has been killed; was that `close`?
                self._check_open(page)
                raise
            except BaseException:
                # Also when cancelled: this worker's next answer would be the one to this page.
                await worker.kill()
                raise
            finally:
                self._busy.discard(worker)

    async def close(self) -> None:
        """End all workers, in the middle of a page too; `extract` then raises PoolClosed."""
        self._closed = True
        for worker in self._busy:
            worker.interrupt()
        while self._idle:
            await self._idle.pop().kill()
        for _ in range(self._count):
            await self._slots.acquire()
        for _ in range(self._count):
            self._slots.release()

    async def __aenter__(self) -> TextPool:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _check_open(self, page: RawPage) -> None:
        if self._closed:
            raise PoolClosed(f"the text of {page.url} was not extracted: shutting down")

    def _take(self) -> WorkerProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            _LOG.warning("a text worker ended by itself; another one is started")
            worker.discard()
        return self._spawn()

    async def _attempt(self, worker: WorkerProcess, page: RawPage) -> Article:
        try:
            async with asyncio.timeout(self._deadline):
                article, detail = await worker.extract(page)
        except TimeoutError:
            await self._replace(worker)
            _LOG.warning("text of %s: gave up after %g s", page.url, self._deadline)
            return failed("timeout")
        except WorkerLost:
            self._check_open(page)
            status = await self._replace(worker)
            _LOG.warning("text of %s: the worker ended with %s", page.url, _name(status))
            return failed("timeout" if status == -signal.SIGXCPU else "crash")
        if detail is not None:
            _LOG.warning("text of %s: %s", page.url, detail)
        # A worker that could not cope may be short of memory from now on.
        if detail is not None or worker.pages >= self._recycle or self._closed:
            await self._replace(worker)
        else:
            self._idle.append(worker)
        return article

    async def _replace(self, worker: WorkerProcess) -> int:
        """Exit status of the old worker; the new one imports while the old one ends."""
        try:
            if not self._closed:
                self._idle.append(self._spawn())
        finally:
            status = await worker.kill()
        return status

    def _spawn(self) -> WorkerProcess:
        return WorkerProcess(memory=self._memory, cpu=self._deadline)


def _name(status: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"exit status {status}"
