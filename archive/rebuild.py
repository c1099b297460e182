"""The index made again from the objects alone, into a new database."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from archive.cdxj import CdxjError, from_line
from archive.contents import read_contents, read_documents
from archive.errors import ArchiveError, KeyInvalid, ObjectDamaged, RecordError
from archive.index import Index
from archive.model import Capture, Document, Segment
from archive.names import segment_of, sibling, source_of
from archive.store.base import Store
from archive.warc.gzip import members

_BATCH = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a new index holds."""

    segments: int
    captures: int
    documents: int
    unread: tuple[str, ...]  #: objects that could not be read, with the reason; `verify` says more


def rebuild(
    store: Store, new: Index, old: Index | None, advance: Callable[[int, int | None], None]
) -> Rebuilt:
    """Fill `new` from CDXJ and text objects, or from a WARC whose CDXJ is missing or damaged.

    What `old` says of segments that are only in a spool so far is carried over. `advance` is told
    how many objects are done, and of how many. Raises StoreError, IndexFailure.
    """
    warcs = {Path(stored.key).name: stored.key for stored in store.list("warc/")}
    lines = {Path(stored.key).name: stored.key for stored in store.list("cdxj/")}
    texts = {Path(stored.key).name: stored.key for stored in store.list("text/")}
    total, done = len(warcs) + len(texts), 0
    unread: list[str] = []
    for name, key in warcs.items():
        advance(done, total)
        done += 1
        try:
            new.add_segment(Segment(filename=name, source=source_of(name), state="stored"))
            for batch in _batches(_captures(store, name, key, lines.get(sibling(name, "cdxj.gz")))):
                new.commit(batch)
        except (KeyInvalid, _Unread) as error:
            unread.append(f"{name}: {error}")
    for name, key in texts.items():
        advance(done, total)
        done += 1
        try:
            if segment_of(name) in warcs:
                for documents in _batches(_documents(store, key)):
                    new.commit([], documents)
        except (KeyInvalid, _Unread) as error:
            unread.append(f"{name}: {error}")
    if old is not None:
        _carry_over(old, new)
    advance(total, total)
    counts = new.counts()
    return Rebuilt(
        segments=counts.segments,
        captures=counts.captures,
        documents=counts.documents,
        unread=tuple(unread),
    )


class _Unread(ArchiveError):
    """An object is damaged; the message says how."""


def _captures(store: Store, name: str, key: str, cdxj: str | None) -> Iterator[Capture]:
    if cdxj is not None:
        try:
            with _fetched(store, cdxj) as path:
                text = b"".join(content for _, _, content in members(path)).decode()
                captures = [from_line(line) for line in text.splitlines()]
        except (RecordError, CdxjError, ObjectDamaged, ValueError):
            pass  # the WARC below says the same, and says it first hand
        else:
            yield from captures
            return
    try:
        with _fetched(store, key) as path:
            contents = read_contents(path, name)
    except ObjectDamaged as error:
        raise _Unread(str(error)) from error
    if contents.damage and not contents.captures:
        raise _Unread(contents.damage)
    yield from contents.captures


def _documents(store: Store, key: str) -> Iterator[Document]:
    try:
        with _fetched(store, key) as path:
            yield from list(read_documents(path))
    except (RecordError, ObjectDamaged) as error:
        raise _Unread(str(error)) from error


def _carry_over(old: Index, new: Index) -> None:
    for segment in old.segments("spooled"):
        new.add_segment(segment)
        for batch in _batches(old.captures_of(segment.filename)):
            new.commit(batch)
        for documents in _batches(old.documents(segment.filename)):
            new.commit([], documents)


@contextmanager
def _fetched(store: Store, key: str) -> Iterator[Path]:
    """A copy of an object while the block lasts. Raises StoreError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(key).name
        with path.open("wb") as file:
            for piece in store.stream(key):
                file.write(piece)
        yield path


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while batch := list(islice(source, _BATCH)):
        yield batch
