"""Session: all that a process needs to capture, opened once and closed in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from archive.collection import Collection
from archive.errors import ArchiveError, FilesMissing, StoreUnavailable, WriteError
from archive.model import Capture
from archive.recovery import Recovered, adopt, settle_uploaded
from archive.spool import Spool
from archive.store.waiting import within
from archive.upload import Uploader
from config.schema import Configuration
from crawler.opening import open_collection
from pipelines.recording import Recording
from pipelines.reextraction import Reextraction, quietly
from pipelines.text.pool import TextPool
from pipelines.warc.gate import Gate
from pipelines.warc.writer import SegmentWriter

_YOUNG_OBJECTS = 3000
"""Objects between two collections of the youngest: about those of three responses."""

_HURRY = 1.0
"""Seconds for a thread that has nothing to wait for."""

_STORE_SECONDS = 10.0
"""What the first question to the store may take; captures need not wait for the answer."""


@dataclass(slots=True)
class Session:
    """Collection, spool, writer, uploader and text workers of one process."""

    configuration: Configuration
    collection: Collection
    spool: Spool
    uploader: Uploader
    writer: SegmentWriter
    text: TextPool
    gate: Gate
    adopted: list[Spool] = field(default_factory=list)
    recovered: Recovered = field(default_factory=Recovered)  #: what `open` took up
    watch: asyncio.Task[None] | None = None  #: of the gate
    extracting: asyncio.Task[None] | None = None  #: texts that an earlier process owed
    recordings: list[Recording] = field(default_factory=list)  #: all that were handed out

    @classmethod
    async def open(cls, configuration: Configuration, *, extract: bool = True) -> Session:
        """Check the store, take up what dead processes left, and get ready to write.

        A store that is away, or suddenly empty, does not hinder: captures stay spooled. With
        `extract`, texts that are missing are made in the background. Raises StoreError when the
        store refuses, IndexFailure, WriteError. Call it in the running event loop.

        Without it nothing is crawled either, and so nothing waits for room.
        """
        with contextlib.ExitStack() as undo:
            spool = Spool.create(Path(configuration.home))
            undo.callback(spool.close)
            collection = open_collection(configuration)
            undo.callback(collection.close)
            # Away: the spool keeps what is captured until it is back.
            away = True
            with contextlib.suppress(StoreUnavailable, FilesMissing):
                await asyncio.to_thread(
                    within, _STORE_SECONDS, collection.store.uri, partial(_check, collection)
                )
                away = False
            undo.pop_all()
        # Disks are mounted and unmounted meanwhile.
        uploader = Uploader(collection.store, collection.index, collection.ensure)
        if away:
            uploader.suppose_away()
        # What is loaded by now stays to the end. Scrapy makes tasks for each response, and the
        # collections that they cause would go through all of it again and again.
        gc.collect()
        gc.freeze()
        # Full collections come when a quarter more is there than after the last one: that was of
        # all that is frozen now. Pages that wait for their text need them, and they are cheap.
        gc.collect()
        gc.set_threshold(_YOUNG_OBJECTS, 10, 2)
        writer = SegmentWriter(
            spool,
            collection.index,
            uploader,
            max_bytes=configuration.segment.max_bytes,
            max_age=configuration.segment.max_age,
        )
        session = cls(
            configuration=configuration,
            collection=collection,
            spool=spool,
            uploader=uploader,
            writer=writer,
            gate=Gate(Path(configuration.home), configuration.spool, writer),
            text=TextPool(
                workers=configuration.text.workers,
                deadline=configuration.text.deadline,
                memory=configuration.text.memory,
            ),
        )
        try:
            await asyncio.to_thread(_take_up, session)
        except OSError as error:
            await session.close()
            raise WriteError("what an earlier process left in the spool", error) from error
        except BaseException:
            await session.close()
            raise
        if extract:
            await session.gate.look()
            session.watch = asyncio.create_task(session.gate.watch())
            session.extracting = asyncio.create_task(quietly(session.reextraction()))
        return session

    def reextraction(self) -> Reextraction:
        """What extracts texts that are missing."""
        return Reextraction(
            Path(self.configuration.home),
            self.collection,
            self.text,
            self.writer,
            [spool.path for spool in self.adopted],
        )

    async def stop_extracting(self) -> None:
        """End what goes on in the background: before a seal, so that its texts are in it."""
        if self.extracting is not None and not self.extracting.done():
            self.extracting.cancel()
            await asyncio.wait({self.extracting})

    def recording(self, source: str, job: str | None = None) -> Recording:
        """A way for one crawl of `source` to record."""
        recording = Recording(self.writer, self.text, source=source, job=job, gate=self.gate)
        self.recordings.append(recording)
        return recording

    @property
    def has_captured(self) -> bool:
        """Whether anything was captured."""
        return any(recording.counts["captures"] for recording in self.recordings)

    async def seal(self) -> bool:
        """Seal all that is open and `drain`. Raises WriteError."""
        await self.stop_extracting()
        await self.writer.seal()
        return await self.drain()

    async def drain(self, patience: float | None = None, *, own: bool = True) -> bool:
        """Wait until our own is stored, or with it what was adopted; whether it all is.

        Gives up when the store has been away for `patience` (`store_wait`) seconds, and at the end
        of a `hurry`.
        """
        wait = self.configuration.store_wait if patience is None else patience
        return await asyncio.to_thread(self.uploader.drain, wait, own=own)

    def hurry(self) -> None:
        """Somebody wants to end: uploads have `shutdown_grace` seconds from now on."""
        self.uploader.hurry(self.configuration.shutdown_grace)

    def is_stored(self, capture: Capture) -> bool:
        """Whether the capture's segment has been written to the store and verified there."""
        return self.collection.index.segment(capture.filename).state == "stored"

    def upload_error(self, *, own: bool = True) -> ArchiveError | None:
        """Why something that we sealed (or: anything) is still in the spool; None when nothing."""
        return self.uploader.error(own=own)

    async def close(self, *, hurry: bool = False) -> bool:
        """End workers and threads; what is not stored stays in the spool for the next start.

        Waits for the end of an upload unless in a `hurry`. Whether it has ended: if not, it goes on
        under our locks until the process has.
        """
        if self.watch is not None:
            self.watch.cancel()
        await self.stop_extracting()
        await self.text.close()
        await asyncio.to_thread(self.writer.close)
        if not await asyncio.to_thread(self.uploader.close, _HURRY if hurry else None):
            return False
        for spool in (*self.adopted, self.spool):
            spool.close()
        self.collection.close()
        return True


def _take_up(session: Session) -> None:
    collection, report = session.collection, session.recovered
    home = Path(session.configuration.home)
    # Whatever fails: they are let go of when the uploader has ended.
    adopt(home, collection.index, session.uploader, report, held=session.adopted)
    # Away: the next start asks it.
    with contextlib.suppress(StoreUnavailable):
        store = collection.store
        settle = partial(settle_uploaded, collection.index, store)
        report.lost += within(_STORE_SECONDS, store.uri, settle)


def _check(collection: Collection) -> None:
    collection.store.check()
    collection.ensure()
    collection.mark_new_index()
