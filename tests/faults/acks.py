"""What a process under test was promised: one line for each promise, written when it was given.

`attach` makes SegmentWriter and Index note every acknowledgement of this process in a file. Each
line goes out by one writev(2) without a buffer: it survives SIGKILL, and strace can tell it from
what the process writes by itself. Digests are taken of the bytes that went in, not of what the
archive says of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.documents import text_digest
from archive.index import Index
from archive.model import Article, Capture, Document, Exchange, Segment
from pipelines.warc.writer import SegmentWriter
from tests.faults.swapping import swap


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """One promise."""

    kind: str  #: spooled: `keep` returned; document: `add` returned; stored: the index says so
    #: seconds, of the system's clock: when the commit that it rests on was done, for who waits for
    #: it hears of that later; if there was none, when it was given
    time: float
    filename: str  #: of the segment
    offset: int = -1  #: of the capture
    url: str = ""
    digest: str = ""  #: sha256 hex: of the wire's bytes, of a document's text


class AckLog:
    """A file that acknowledgements are appended to."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, kind: str, moment: float | None = None, **fields: Any) -> None:
        """Note a promise, of that moment or of now."""
        line = json.dumps({"kind": kind, "time": moment or time.time(), **fields})
        # A line that a kill cut short stands alone, too.
        os.writev(self._file, [f"\n{line}\n".encode()])


def read_acks(path: Path) -> list[Ack]:
    """All promises in a log; none where there is no log yet."""
    if not path.exists():
        return []
    return [ack for line in path.read_bytes().splitlines() if line for ack in _parse(line)]


def _parse(line: bytes) -> list[Ack]:
    try:
        return [Ack(**json.loads(line))]
    except ValueError:
        return []  # its process was killed within the write: nobody could rely on it yet


def attach(log: AckLog) -> None:
    """Note what every writer and index of this process acknowledges from now on."""
    committed: dict[tuple[str, str, int], float] = {}

    def note(kind: str, capture: Capture, digest: str) -> None:
        moment = committed.get((kind, capture.filename, capture.offset))
        place = {"filename": capture.filename, "offset": capture.offset}
        log.write(kind, moment, **place, url=capture.url, digest=digest)

    def noting_commit(commit: Callable[..., None]) -> Callable[..., None]:
        def done(
            index: Index,
            captures: Sequence[Capture],
            documents: Sequence[Document] = (),
            new_segments: Sequence[Segment] = (),
        ) -> None:
            commit(index, captures, documents, new_segments)
            now = time.time()
            committed.update({("spooled", each.filename, each.offset): now for each in captures})
            committed.update({("document", each.filename, each.offset): now for each in documents})

        return done

    def noting_keep(keep: Callable[..., Any]) -> Callable[..., Any]:
        async def kept(
            writer: SegmentWriter, source: str, exchanges: Sequence[Exchange]
        ) -> list[Capture]:
            sent = [hashlib.sha256(b"".join(e.response.pieces())).hexdigest() for e in exchanges]
            captures: list[Capture] = await keep(writer, source, exchanges)
            for capture, digest in zip(captures, sent, strict=True):
                note("spooled", capture, digest)
            return captures

        return kept

    def noting_add(add: Callable[..., Any]) -> Callable[..., Any]:
        async def added(writer: SegmentWriter, capture: Capture, article: Article) -> Document:
            document: Document = await add(writer, capture, article)
            note("document", capture, text_digest(article.text))
            return document

        return added

    def noting_mark(mark_stored: Callable[..., None]) -> Callable[..., None]:
        def marked(index: Index, filename: str) -> None:
            mark_stored(index, filename)
            log.write("stored", filename=filename)

        return marked

    swap(SegmentWriter, "keep", noting_keep)
    swap(SegmentWriter, "add", noting_add)
    swap(Index, "commit", noting_commit)
    swap(Index, "mark_stored", noting_mark)
