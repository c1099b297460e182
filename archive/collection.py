"""A collection: captures, documents, index and store under one URI, opened for reading."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from archive.agreement import check_ours, compare
from archive.description import FORMAT, are_others, is_of, new_description, text_of, values_of
from archive.errors import (
    KeyMissing,
    KeyTaken,
    OtherCollection,
    RecordError,
    SpooledElsewhere,
    StoreUnavailable,
    StoreUnsupported,
    TakesLong,
)
from archive.index import Index
from archive.memento import Memento, damage_of
from archive.model import Capture, Document, Segment
from archive.names import DESCRIPTION, key_of
from archive.originals import Originals
from archive.spool import open_path
from archive.store.base import Store
from archive.timestamps import (
    parse_time,
)
from archive.warc.gzip import stated_size
from archive.warc.reading import Record, read_record

Check = Callable[[Capture], object]
"""Raises where a capture is not to be read."""


def _anything(_: Capture) -> None:
    """A Check that all captures pass."""


T = TypeVar("T")


class Collection:
    """Reads captures wherever they are: in the store, or in this machine's spool. Thread-safe."""

    def __init__(self, store: Store, index: Index, mirror: Store | None = None) -> None:
        """`mirror`: the second store, for those who compare; `store` itself writes to both."""
        self.store = store
        self.mirror = mirror
        self.index = index
        self._originals = Originals(index, self._record)
        self._node = socket.gethostname()
        self._description: bytes | None = None  # what was found to be the index's
        self._sizes: dict[str, int] = {}  # of WARCs in the store, which never change
        self._stored: set[str] = set()  # names of WARCs that have left the spool for good

    def ensure(self) -> None:
        """Put collection.json where there is none, the one that the index knows or a new one; from
        now on the index is of this collection.

        Raises OtherCollection where it is of another one, FilesMissing where it says that there
        should be a collection; StoreError, IndexFailure.
        """
        try:
            description = self.store.get(DESCRIPTION)
        except KeyMissing:
            self.check_ours()
            self._describe()
            return
        if description == self._description:
            return  # before each upload
        values = values_of(description)
        found = None if values is None else values.get("format")
        if values is None or found != FORMAT:
            remedy = "use the Pressmark that wrote it"
            if values is None:
                remedy = (
                    f"its {DESCRIPTION} is damaged; `pressmark verify --repair` brings it back "
                    "from a mirror; without one, remove it, and the next capture writes it again"
                )
            raise StoreUnsupported(
                f"{self.store.uri} has the storage format {found or description[:40]!r}, "
                f"this Pressmark reads {FORMAT}: {remedy}"
            )
        self._belong(text_of(description))
        self._description = description

    def _describe(self) -> None:
        """Where the store has lost its description: the same again, so that it stays the same."""
        known = self.index.collection()
        filled = bool(self.index.segments("stored"))
        lost = known if known is not None and is_of(known, self.store, filled=filled) else None
        description = lost or new_description(self.store.uri)
        if lost is None:
            # Whatever becomes of us, or of the answer: the index is of what will be there then.
            self.index.mark_collection(None)
        try:
            self.store.put_new(DESCRIPTION, description.encode())
        except KeyTaken:
            return  # Another process was first; what it wrote is looked at the next time.
        if lost is None:
            self.index.mark_collection(description)

    def _belong(self, description: str) -> None:
        known = self.index.collection()
        if known is None:
            self.index.mark_collection(description)
        elif are_others(known, description):
            if self.index.segments("stored"):
                raise OtherCollection(self.store.uri)
            self.index.mark_collection(description)

    def check_ours(self) -> None:
        """Raises OtherCollection when the store holds another collection than the index is of,
        FilesMissing when it is empty although the index names files in it.

        Raises StoreError, IndexFailure.
        """
        check_ours(self.store, self.index, mirrored=self.mirror is not None)

    def mark_new_index(self) -> None:
        """Where the index was made just now: mark it if the store has files that it does not know.

        Looks at the first file alone. Raises StoreError, IndexFailure.
        """
        if self.index.is_new and compare(self.store, self.index, 1).unknown:
            self.index.mark_partial()

    def memento(self, url: str, *, at: str | None = None, any_status: bool = False) -> Memento:
        """The snapshot that fits best; `at` as `archive.timestamps.parse_time` takes it.

        Raises NotArchived, RecordError, StoreError.
        """
        moment = None if at is None else parse_time(at)
        return self.open(self.index.find(url, at=moment, any_status=any_status))

    def open(
        self, capture: Capture, check: Check = _anything, *, most: int | None = None
    ) -> Memento:
        """The records of a capture, read in one ranged request. Raises RecordError, StoreError.

        `check` is asked, before it is read, of the capture that a revisit refers to; what it raises
        is raised. TakesLong: the record has more than `most` bytes.
        """
        before = capture.request_length or 0
        start = capture.offset - before
        data = self.read(capture.filename, start, before + capture.length)
        if most is not None and max(len(data), stated_size(data)) > most:
            raise TakesLong(f"the record of {capture.url} has more than {most} bytes")
        record = _checked(data[before:], capture)
        original = self._original(capture, record, check) if record.type == "revisit" else record
        return Memento(capture=capture, record=record, original=original, members=data)

    def document(self, capture: Capture, check: Check = _anything) -> Document | None:
        """The current document of a capture; a revisit's is that of its original, which `check` is
        asked of as by `open`."""
        document = self.index.documents.of(capture)
        if document is None and capture.is_revisit:
            record = self.open(capture, check).record
            return self.index.documents.of(self._originals.of(capture, record))
        return document

    def original(self, capture: Capture) -> Capture:
        """The capture that holds the payload: for a revisit, which is read for it, the one it
        refers to. Raises RecordError, StoreError."""
        if not capture.is_revisit:
            return capture
        return self._originals.of(capture, self._record(capture))

    def close(self) -> None:
        """Let go of database and store."""
        self.index.close()
        self.store.close()

    def _original(self, capture: Capture, record: Record, check: Check) -> Record:
        original = self._originals.of(capture, record)
        check(original)
        return self._record(original)

    def _record(self, capture: Capture) -> Record:
        data = self.read(capture.filename, capture.offset, capture.length)
        return _checked(data, capture)

    def read(self, filename: str, offset: int, length: int) -> bytes:
        """Bytes of a WARC, wherever it lies; fewer where it ends before.

        Raises SegmentUnknown, RecordError, StoreError.
        """
        found = self._in_spool(filename, lambda file: _read_range(file, offset, length))
        return self.store.read(key_of(filename), offset, length) if found is None else found

    def size(self, filename: str) -> int:
        """Bytes of a WARC, while it is spooled those that it has so far. Raises as `read` does."""
        size = self._sizes.get(filename) or self._in_spool(
            filename, lambda file: file.stat().st_size
        )
        if size is None:
            size = self._sizes[filename] = self.store.head(key_of(filename)).size
        return size

    def _in_spool(self, filename: str, ask: Callable[[Path], T]) -> T | None:
        """What is asked of the file in the spool; None: it is in the store."""
        if filename in self._stored:
            return None
        segment = self.index.segment(filename)
        if segment.state == "spooled":
            try:
                return self._ask_spool(segment, ask)
            except FileNotFoundError:
                # It was uploaded between our look at the index and now.
                segment = self.index.segment(filename)
                if segment.state == "spooled":
                    raise RecordError(f"{filename} is not in the spool {segment.path}") from None
            except OSError as error:
                raise StoreUnavailable(f"cannot read {filename} in the spool: {error}") from error
        self._stored.add(filename)
        return None

    def _ask_spool(self, segment: Segment, ask: Callable[[Path], T]) -> T:
        if segment.node != self._node:
            raise SpooledElsewhere(segment.filename, segment.node)
        path = Path(segment.path or "") / segment.filename
        return _first_existing([path, open_path(path), path], ask)


def _checked(data: bytes, capture: Capture) -> Record:
    """The capture's record. Raises RecordError; DigestMismatch when its bytes have changed."""
    try:
        if len(data) < capture.length:
            raise RecordError("the file ends within it")
        record = read_record(data, where="its place")
        record.check_block()
    except RecordError as error:
        raise type(error)(damage_of(capture, str(error))) from error
    if capture.record_id and record.record_id != capture.record_id:
        raise RecordError(
            f"{capture.filename} at {capture.offset} is {record.record_id}, not "
            f"{capture.record_id}: run `pressmark rebuild-index`"
        )
    return record


def _first_existing(paths: list[Path], ask: Callable[[Path], T]) -> T:
    """Sealing renames the file at any time: look under both names, and the first once more."""
    for path in paths[:-1]:
        try:
            return ask(path)
        except FileNotFoundError:
            continue
    return ask(paths[-1])


def _read_range(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)
