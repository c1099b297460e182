"""The one thread that writes: exchanges and documents in, durable captures out.

Work that has gathered while the last group was made durable becomes the next group: append all of
it, fsync, then one transaction of the index; only then is anyone told. After a failure nothing is
written any more (fail-stop). Before the transaction it takes the group back. Afterwards it must
not: a commit whose answer is lost may stand, and its rows need their records. Then the files stay
open in the spool, and recovery keeps what is whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from archive.block import SPILL
from archive.errors import WriteError
from archive.index import Index
from archive.model import Article, Capture, Document, Exchange, Segment
from archive.segment import OpenSegment
from archive.spool import Spool
from archive.text_run import OpenRun
from archive.upload import Uploader
from archive.urlkey import urlkey
from pipelines.warc.budget import ByteBudget

_GROUP = 64
"""Pieces of work in one group at the most: bounds how long the first of them waits."""

QUEUE_BYTES = 64 << 20
"""Bytes that may wait for the thread; bodies on disk count with what they hold in memory."""


@dataclass(frozen=True, slots=True)
class _Keep:
    source: str
    exchanges: Sequence[Exchange]
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Add:
    capture: Capture
    article: Article
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Seal:
    source: str | None
    done: asyncio.Future[Any]


_Work = _Keep | _Add | _Seal


class SegmentWriter:
    """Writes the open segments of a process, one a source. Its methods belong to one event loop."""

    def __init__(
        self,
        spool: Spool,
        index: Index,
        uploader: Uploader,
        *,
        max_bytes: int = 1_000_000_000,
        max_age: float = 3600.0,
        queue_bytes: int = QUEUE_BYTES,
    ) -> None:
        """`max_bytes` (compressed) and `max_age` (seconds) roll a segment over."""
        self.spool = spool
        self._index = index
        self._uploader = uploader
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._node = socket.gethostname()
        self._segments: dict[str, OpenSegment] = {}
        self._runs: dict[str, OpenRun] = {}
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._budget = ByteBudget(queue_bytes)
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self.failure: WriteError | None = None  #: set for ever by the first failed write
        self._thread = threading.Thread(target=self._run, name="segment-writer", daemon=True)
        self._thread.start()

    async def keep(self, source: str, exchanges: Sequence[Exchange]) -> list[Capture]:
        """Captures of the exchanges, `spooled`: durable and indexed.

        Owns their blocks from the call on, and closes them. Raises WriteError; UrlError, and then
        nothing is written, for a URL that has no key.
        """
        size = sum(min(e.response.size, SPILL) + e.request.size for e in exchanges)
        done = self._loop.create_future()
        # Not when the waiting ends, which may be cancelled: until then the thread reads the blocks.
        done.add_done_callback(lambda _: _close_blocks(exchanges))
        try:
            for exchange in exchanges:
                urlkey(exchange.url)
            await self._budget.take(size)
        except BaseException:
            done.cancel()
            raise
        done.add_done_callback(lambda _: self._budget.give(size))
        captures: list[Capture] = await self._submit(_Keep(source, exchanges, done))
        return captures

    async def add(self, capture: Capture, article: Article) -> Document:
        """The document of a capture, durable and indexed; the one that it has already in the open
        run, if it has. Raises WriteError."""
        document: Document = await self._submit(_Add(capture, article, self._loop.create_future()))
        return document

    async def seal(self, source: str | None = None) -> list[str]:
        """Seal the open segment of a source (of all), and all text runs; hand them to the uploader.

        The names of the sealed segments. Raises WriteError. After an earlier failure too what was
        durable before it is sealed, but for files of which the index may know more than was
        acknowledged: those stay open in the spool, and the next start seals them.
        """
        names: list[str] = await self._submit(_Seal(source, self._loop.create_future()))
        return names

    async def seal_texts(self) -> None:
        """Seal all text runs, and no segment; hand them to the uploader. Raises WriteError."""
        await self.seal("")  # the name of no source

    def close(self) -> None:
        """End the thread. Open files stay as they are, for recovery; seal before."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    async def _submit(self, work: _Work) -> Any:
        failure = self.failure
        if self._closed:
            failure = WriteError("anything more", RuntimeError("the writer is closed"))
        elif isinstance(work, _Seal):
            failure = None
        if failure is not None:
            work.done.cancel()
            raise failure
        self._queue.put(work)
        # Cancelling the waiter must not make the thread's answer fail.
        return await asyncio.shield(work.done)

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            answers: list[tuple[_Work, Any]] = []
            writes = [work for work in group if not isinstance(work, _Seal)]
            if writes:
                answers += self._write_group(writes)
                self._roll_over()
            answers += [(work, self._seal(work)) for work in group if isinstance(work, _Seal)]
            # The loop may be gone when a process ends in a hurry: then nobody waits either.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_answer, answers)
        files: list[OpenSegment | OpenRun] = [*self._segments.values(), *self._runs.values()]
        for file in files:
            file.close()

    def _next_group(self) -> list[_Work] | None:
        """What waits, up to a seal; None when the thread shall end."""
        try:
            work = self._queue.get(timeout=self._until_roll_over())
        except queue.Empty:
            self._roll_over()
            return []
        group: list[_Work] = []
        while work is not None:
            group.append(work)
            if isinstance(work, _Seal) or len(group) == _GROUP:
                return group
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return group
        if group:
            self._queue.put(None)
            return group
        return None

    def _write_group(self, group: Sequence[_Keep | _Add]) -> list[tuple[_Work, Any]]:
        if self.failure is not None:
            return [(work, self.failure) for work in group]
        touched: dict[int, OpenSegment | OpenRun] = {}
        synced = False
        try:
            answers: list[tuple[_Work, Any]] = []
            captures: list[Capture] = []
            documents: list[Document] = []
            again: list[_Add] = []
            for work in group:
                if isinstance(work, _Keep):
                    segment = self._segment(work.source)
                    touched[id(segment)] = segment
                    kept = [segment.append(exchange) for exchange in work.exchanges]
                    captures += kept
                    answers.append((work, kept))
                elif (run := self._text_run(work.capture.filename)).holds(work.capture):
                    # A crawl that is gone on with, and the search for texts that are missing, may
                    # both have made it: which one counts must not be a question.
                    again.append(work)
                else:
                    touched[id(run)] = run
                    documents.append(run.append(work.capture, work.article))
                    answers.append((work, documents[-1]))
            for file in touched.values():
                file.sync()
            synced = True
            # With their first captures: a segment that is taken back leaves no row.
            begun = [
                self._row_of(file)
                for file in touched.values()
                if isinstance(file, OpenSegment) and file.empty
            ]
            self._index.commit(captures, documents, begun)
            for file in touched.values():
                file.settle()
            answers += [(work, self._index.documents.of(work.capture)) for work in again]
        except Exception as error:  # noqa: BLE001 - who waits for a dead thread waits for ever
            first = group[0]
            url = first.exchanges[0].url if isinstance(first, _Keep) else first.capture.url
            self.failure = error if isinstance(error, WriteError) else WriteError(url, error)
            for file in list(touched.values()):
                if synced:
                    self._abandon(file)
                else:
                    self._take_back(file)
            return [(work, self.failure) for work in group]
        return answers

    def _take_back(self, file: OpenSegment | OpenRun) -> None:
        try:
            file.take_back()
        except OSError:
            # The disk is gone: it must not be sealed as it is. Recovery cuts what is not whole.
            self._abandon(file)

    def _abandon(self, file: OpenSegment | OpenRun) -> None:
        """Leave an open file to recovery; `seal` passes it over."""
        file.close()
        self._segments = {key: one for key, one in self._segments.items() if one is not file}
        self._runs = {key: one for key, one in self._runs.items() if one is not file}

    def _segment(self, source: str) -> OpenSegment:
        segment = self._segments.get(source)
        if segment is None:
            segment = self._segments[source] = OpenSegment(self.spool.path, source)
        return segment

    def _row_of(self, segment: OpenSegment) -> Segment:
        return Segment(
            filename=segment.filename,
            source=segment.source,
            state="spooled",
            node=self._node,
            path=str(self.spool.path),
        )

    def _text_run(self, segment: str) -> OpenRun:
        if segment not in self._runs:
            self._runs[segment] = OpenRun(self.spool.path, segment)
        return self._runs[segment]

    def _until_roll_over(self) -> float | None:
        if not self._segments or self.failure is not None:
            return None
        oldest = max(segment.age for segment in self._segments.values())
        return min(max(self._max_age - oldest, 0.0), threading.TIMEOUT_MAX)

    def _roll_over(self) -> None:
        """Seal segments that are large or old enough, and text runs whose segments are sealed.

        Documents that come later open a run of their own.
        """
        if self.failure is not None:
            return
        full = [
            source
            for source, segment in self._segments.items()
            if segment.size >= self._max_bytes or segment.age >= self._max_age
        ]
        if not full:
            return
        try:
            for source in full:
                self._seal_segment(source)
            still_open = {segment.filename for segment in self._segments.values()}
            for name in [name for name in self._runs if name not in still_open]:
                self._seal_run(name)
        except Exception as error:  # noqa: BLE001 - as above
            self.failure = WriteError(f"the segment of {full[0]}", error)

    def _seal(self, work: _Seal) -> list[str] | WriteError:
        sources = list(self._segments) if work.source is None else [work.source]
        names: list[str] = []
        try:
            for source in sources:
                if source in self._segments and (name := self._seal_segment(source)):
                    names.append(name)
            for name in list(self._runs):
                self._seal_run(name)
        except Exception as error:  # noqa: BLE001 - as above
            self.failure = self.failure or WriteError("a segment that is being sealed", error)
            return self.failure
        return names

    def _seal_segment(self, source: str) -> str | None:
        segment = self._segments.pop(source)
        if segment.empty:
            segment.discard()
            return None
        self._uploader.submit(segment.seal())
        return segment.filename

    def _seal_run(self, segment: str) -> None:
        run = self._runs.pop(segment)
        if run.empty:
            run.discard()
        else:
            self._uploader.submit(run.seal())


def _close_blocks(exchanges: Sequence[Exchange]) -> None:
    for exchange in exchanges:
        exchange.request.close()
        exchange.response.close()


def _answer(answers: list[tuple[_Work, Any]]) -> None:
    for work, result in answers:
        if work.done.done():
            continue
        if isinstance(result, WriteError):
            work.done.set_exception(result)
        else:
            work.done.set_result(result)
