"""Text of pages whose documents were lost or never made, from the bytes in the archive."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from archive.collection import Collection
from archive.errors import (
    ArchiveError,
    ContentError,
    KeyInvalid,
    KeyMissing,
    ObjectDamaged,
    RecordError,
    StoreError,
)
from archive.files import try_lock
from archive.memento import Memento
from archive.model import Capture, Segment
from archive.progress import Advance, unseen
from pipelines.extraction.page import RawPage
from pipelines.text.pool import PoolClosed, TextPool
from pipelines.warc.writer import SegmentWriter

logger = logging.getLogger(__name__)

_LOCK = "extract.lock"
_OF_ONE_OBJECT = (KeyMissing, KeyInvalid, ObjectDamaged)
"""Failures of a store that say nothing of its other objects."""
_SEGMENTS_A_SEAL = 50
"""Segments whose texts are open at a time: each is a file."""


@dataclass(slots=True, kw_only=True)
class Extracted:
    """What a re-extraction did."""

    documents: int = 0
    failed: int = 0  #: captures that could not be read
    busy: bool = False  #: nothing was done: another process of the home is at it


def page_of(memento: Memento) -> RawPage:
    """The page as the crawler would have seen it. Raises RecordError."""
    content_type = memento.head.get(b"content-type")
    try:
        body = memento.body()
    except ContentError:
        # Tools that record browsers keep a body decoded, and the head as it was.
        body = memento.payload
    return RawPage(
        url=memento.capture.url,
        content_type=content_type.decode("latin-1") if content_type else None,
        body=body,
        status=memento.capture.status,
    )


class Reextraction:
    """Extracts, one segment after the other, what the index lists as unextracted.

    `folders` are those of the spool that are ours: what a living process has in its own, it is
    about to extract itself. Only one process of a home extracts at a time.
    """

    def __init__(
        self,
        home: Path,
        collection: Collection,
        text: TextPool,
        writer: SegmentWriter,
        folders: Iterable[Path],
    ) -> None:
        self._home = home
        self._collection = collection
        self._text = text
        self._writer = writer
        self._folders = {str(folder) for folder in folders}
        self._node = socket.gethostname()
        self.done = Extracted()
        self.unread_level = logging.WARNING  #: at which a record that cannot be read is logged

    async def run(
        self,
        *,
        width: int,
        only: Container[str] | None = None,
        advance: Advance = unseen,
    ) -> Extracted:
        """`width` pages at a time, of all segments or of those named.

        `advance` is told how many segments of how many are done.

        Raises WriteError, IndexFailure, StoreError, and what the text workers raise when there are
        none. Nothing is done while another process is at it.
        """
        with _alone(self._home) as alone:
            if not alone:
                self.done.busy = True
                return self.done
            index = self._collection.index
            doubtful = await asyncio.to_thread(index.documents.unextracted_segments)
            mine = [one for one in doubtful if only is None or one.filename in only]
            mine = [one for one in mine if self._is_ours(one)]
            written = 0
            for number, segment in enumerate(mine):
                advance(number, len(mine))
                if await self._segment(segment.filename, width):
                    written += 1
                if written and written % _SEGMENTS_A_SEAL == 0:
                    await self._writer.seal_texts()
                    written = 0
            if written:
                await self._writer.seal_texts()
            advance(len(mine), len(mine))
        return self.done

    def _is_ours(self, segment: Segment) -> bool:
        if segment.state == "stored":
            return True
        return segment.node == self._node and segment.path in self._folders

    async def _segment(self, filename: str, width: int) -> bool:
        """Extract what a segment lacks; whether a document was written."""
        index = self._collection.index
        failed, documents = self.done.failed, self.done.documents
        lacking = index.documents.unextracted(filename)
        while group := await asyncio.to_thread(_next, lacking, width):
            try:
                async with asyncio.TaskGroup() as tasks:
                    for capture in group:
                        tasks.create_task(self._capture(capture))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors
        if self.done.failed == failed:
            await asyncio.to_thread(index.documents.mark_extracted, filename)
        return self.done.documents > documents

    async def _capture(self, capture: Capture) -> None:
        try:
            memento = await asyncio.to_thread(self._collection.open, capture)
            page = await asyncio.to_thread(page_of, memento)
        except ArchiveError as error:
            if isinstance(error, StoreError) and not isinstance(error, _OF_ONE_OBJECT):
                raise
            level = self.unread_level if isinstance(error, RecordError) else logging.WARNING
            logger.log(level, "%s at %s has no text: %s", capture.url, capture.timestamp, error)
            self.done.failed += 1
            return
        article = await self._text.extract(page)
        await self._writer.add(capture, article)
        self.done.documents += 1


async def quietly(reextraction: Reextraction) -> None:
    """Run beside other work, a page at a time; what hinders it is logged, and left for later."""
    # It will be the same at every start; `doctor --repair` and `verify` tell.
    reextraction.unread_level = logging.DEBUG
    try:
        await reextraction.run(width=1)
    except PoolClosed:
        return
    except (ArchiveError, OSError) as error:
        logger.warning("texts are extracted again another time: %s", error)


def _next(captures: Iterator[Capture], count: int) -> list[Capture]:
    return list(islice(captures, count))


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    lock = try_lock(home.absolute() / _LOCK)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            os.close(lock)
