"""Other tools' archives as sealed segments: each file whole and verified, or not at all.

A segment is prepared in a folder that recovery would clear away. One rename makes that folder a
spool like any other, with all the segments of one WACZ at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path, PurePosixPath

from archive.collection import Collection
from archive.contents import RecordReader
from archive.digests import sha256_file
from archive.errors import DigestMismatch, KeyInvalid, KeyMissing, RecordError
from archive.importing.records import WarcFile, first_record, packed_records
from archive.importing.wacz import unpack_wacz
from archive.index import CaptureQuery
from archive.manifests import Line, parse_manifest
from archive.model import Capture
from archive.names import imported_name, key_of, sibling
from archive.segment import Entry, write_side_files
from archive.spool import Spool
from archive.timestamps import TimestampError, from_warc_date
from archive.warc.checking import check_digests
from archive.warc.reading import Member, Record, read_record

_WACZ = ".wacz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of one input."""

    segments: tuple[str, ...]  #: file names of the new segments
    captures: int
    known: tuple[str, ...]  #: file names of segments that held the same WARC files before
    repeated: int  #: captures whose records (by their id) lay in other files of the collection
    spool: Spool | None  #: where the new segments lie; None when there are none


class Importer:
    """Takes files in, one after the other. Remembers which ones the collection has."""

    def __init__(self, collection: Collection, spool: Spool, source: str) -> None:
        """`source` names the segments: [a-z0-9][a-z0-9_]{0,39}."""
        self._collection = collection
        self._spool = spool
        self._source = source
        # All but the source follows from the bytes of the input.
        self._known = {_tail(one.filename): one.filename for one in collection.index.segments()}

    def take_in(self, path: Path) -> Imported:
        """Bring the segments of one WARC or WACZ file into a spool of their own, locked.

        Nothing is left of it where this raises: RecordError for what is damaged or refused, with
        the place; OSError; IndexFailure, StoreError.
        """
        with self._prepared() as folder:
            segments: list[str] = []
            known: list[str] = []
            captures = repeated = 0
            for warc in _warcs(path, folder):
                found = self._segment(warc, folder)
                if isinstance(found, str):
                    known.append(found)
                else:
                    segments.append(found[0])
                    captures += len(found[1])
                    repeated += sum(map(self._has_record, found[1]))
                if warc.unpacked:
                    warc.path.unlink()
            spool = self._spool.promote(folder) if segments else None
        self._known |= {_tail(name): name for name in segments}
        return Imported(
            segments=tuple(segments),
            captures=captures,
            known=tuple(known),
            repeated=repeated,
            spool=spool,
        )

    @contextmanager
    def _prepared(self) -> Iterator[Path]:
        folder = self._spool.prepare()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _segment(self, warc: WarcFile, folder: Path) -> str | tuple[str, Sequence[Capture]]:
        """File name and captures; of a WARC that is known the name of its segment."""
        digest = sha256_file(warc.path)
        records = packed_records(warc)
        first = next(records, None)
        if first is None:
            raise _empty(warc.name)
        beginning = read_record(first[1], where=first[2])
        for own in (PurePosixPath(warc.name).name, beginning.get("WARC-Filename") or ""):
            if self._has(own, digest):
                return own
        moment = _moment(beginning, first[2])
        filename = f"{imported_name(self._source, moment, digest)}.warc.gz"
        known = self._known.get(_tail(filename))
        if known is not None and self._is_of(known, digest):
            return known
        sealed = folder / filename
        if sealed.exists():
            return filename  # the same file twice in one package
        captures, entries, packed_digest = _write(sealed, chain([first], records))
        size = warc.path.stat().st_size
        origin: dict[str, str | int] = {"file": warc.name, "size": size, "sha256": digest}
        write_side_files(sealed, packed_digest, captures, entries, imported=origin)
        return filename, captures

    def _has(self, filename: str, digest: str) -> bool:
        """Whether it is a file of the collection itself: its manifest names that digest."""
        try:
            objects = self._objects(filename)
        except (KeyInvalid, KeyMissing):
            return False
        return objects.get(filename, {}).get("sha256") == digest

    def _is_of(self, filename: str, digest: str) -> bool:
        """Whether the segment was made of the file with that digest. Raises RecordError if not."""
        try:
            objects = self._objects(filename)
        except KeyMissing:
            return True  # it waits in a spool
        origin = objects.get(filename, {}).get("imported") or {}
        if origin.get("sha256", digest) != digest:
            raise RecordError(
                f"{filename} has the name that this file would get, but was made of another: "
                "import it under another --source"
            )
        return True

    def _objects(self, filename: str) -> Mapping[str, Line]:
        manifest = self._collection.store.get(key_of(sibling(filename, "jsonl")))
        return parse_manifest(manifest, filename, objects_alone=True).objects

    def _has_record(self, capture: Capture) -> bool:
        moment = capture.timestamp
        there = self._collection.index.captures(
            CaptureQuery(url=capture.url, start=moment, end=moment)
        )
        return any(
            one.record_id == capture.record_id and one.filename != capture.filename for one in there
        )


def check_beginning(path: Path) -> None:
    """Raises RecordError for a file whose beginning shows that it is no archive at all; OSError."""
    if path.name.lower().endswith(_WACZ):
        if not zipfile.is_zipfile(path):
            raise RecordError(f"{path.name} is no ZIP file, as a WACZ is: take another copy")
        return
    if first_record(WarcFile(path=path, name=path.name)) is None:
        raise _empty(path.name)


def _empty(name: str) -> RecordError:
    return RecordError(f"{name} holds no record: there is nothing to import")


def _warcs(path: Path, folder: Path) -> Iterator[WarcFile]:
    if path.name.lower().endswith(_WACZ):
        yield from unpack_wacz(path, folder)
    else:
        yield WarcFile(path=path, name=path.name)


def _write(
    sealed: Path, records: Iterable[tuple[bytes, bytes, str]]
) -> tuple[Sequence[Capture], Sequence[Entry], str]:
    """Captures, manifest entries and sha256 hex of the file that the records become."""
    captures: list[Capture] = []
    entries: list[Entry] = []
    reader, whole, offset = RecordReader(sealed.name), hashlib.sha256(), 0
    with sealed.open("xb") as file:
        for packed, content, place in records:
            record = read_record(content, where=place)
            _check(record, place)
            member = Member(offset=offset, length=len(packed), record=record)
            entry, capture = reader.take(member, hashlib.sha256(packed).hexdigest())
            entries.append(entry)
            if capture is not None:
                captures.append(capture)
            file.write(packed)
            whole.update(packed)
            offset += len(packed)
        file.flush()
        os.fsync(file.fileno())
    return captures, entries, whole.hexdigest()


def _check(record: Record, place: str) -> None:
    for name in ("WARC-Type", "WARC-Record-ID", "WARC-Date"):
        if not record.get(name):
            raise RecordError(f"{place} has no {name}: the tool that wrote it must set one")
    _moment(record, place)
    try:
        check_digests(record)
    except DigestMismatch as error:
        raise DigestMismatch(f"{place}: {error}; take another copy of the file") from error


def _moment(record: Record, place: str) -> datetime:
    try:
        return from_warc_date(record.get("WARC-Date") or "")
    except TimestampError as error:
        raise RecordError(f"{place}: {error}; the tool that wrote it must correct it") from error


def _tail(filename: str) -> str:
    return filename.partition("-")[2]
