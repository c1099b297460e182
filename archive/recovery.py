"""What dead processes left in the spool: cut to what is whole, sealed, indexed, handed to upload.

The database is not asked. An open WARC ends where its first member is not whole, or before an
exchange whose mate is missing; everything before that is kept, acknowledged or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.appending import OPEN
from archive.digests import sha256_file
from archive.documents import from_json
from archive.errors import RecordError, SegmentUnknown
from archive.index import Index
from archive.model import Capture, Document, Segment
from archive.names import sibling, source_of
from archive.segment import Entry, write_side_files
from archive.spool import Spool, sync_folder
from archive.text_run import write_run_manifest
from archive.upload import Uploader
from archive.warc.captures import capture_of
from archive.warc.gzip import members
from archive.warc.reading import Member, read_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a WARC file holds, read from the file itself."""

    captures: Sequence[Capture]
    entries: Sequence[Entry]
    end: int  #: byte behind the last whole exchange
    damage: str | None  #: why reading stopped before the end of the file


def adopt(home: Path, index: Index, uploader: Uploader) -> list[Spool]:
    """Recover every abandoned spool; close the returned ones when the uploads are over.

    Raises OSError, IndexFailure.
    """
    spools = list(Spool.abandoned(home))
    for spool in spools:
        for path in spool.files("*.part"):
            path.unlink()
        for path in spool.files(f"*.warc.gz{OPEN}"):
            _seal_segment(path)
        for path in spool.files("*.warc.gz"):
            _take_over_segment(path, index, uploader)
        for path in spool.files(f"*.jsonl.gz{OPEN}"):
            _seal_run(path)
        for path in spool.files("*.jsonl.gz"):
            _take_over_run(path, index, uploader)
    return spools


def read_contents(path: Path, filename: str) -> Contents:
    """Captures and manifest entries of a WARC with one gzip member a record. Raises OSError."""
    captures: list[Capture] = []
    entries: list[Entry] = []
    # An exchange is [chain,] request, response; what stands between whole exchanges is kept.
    waiting: Entry | None = None
    end, whole, damage = 0, 0, None
    try:
        for member, digest in _members(path):
            record = member.record
            entry = Entry(
                record=record.record_id,
                type=record.type,
                offset=member.offset,
                length=member.length,
                sha256=digest,
                url=record.url if record.type in ("request", "response", "revisit") else None,
            )
            if record.type in ("response", "revisit"):
                length = waiting.length if waiting is not None else None
                capture = capture_of(member, filename, request_length=length)
                captures.append(capture)
                entries.append(_with_capture(entry, capture))
                waiting = None
            else:
                entries.append(entry)
                waiting = entry if record.type == "request" else waiting
            if waiting is None:
                end, whole = member.offset + member.length, len(entries)
    except RecordError as error:
        damage = str(error)
    if waiting is not None:
        damage = damage or f"{filename} ends with a request that has no response"
    return Contents(captures=captures, entries=entries[:whole], end=end, damage=damage)


def _members(path: Path) -> Iterator[tuple[Member, str]]:
    with path.open("rb") as file:
        for offset, length, content in members(path):
            record = read_record(content, where=f"{path.name} at {offset}")
            file.seek(offset)
            digest = hashlib.sha256(file.read(length)).hexdigest()
            yield Member(offset=offset, length=length, record=record), digest


def _with_capture(entry: Entry, capture: Capture) -> Entry:
    return Entry(
        record=entry.record,
        type=entry.type,
        offset=entry.offset,
        length=entry.length,
        sha256=entry.sha256,
        url=capture.url,
        timestamp=capture.timestamp,
        digest=capture.digest,
    )


def _seal_segment(path: Path) -> None:
    contents = read_contents(path, path.name.removesuffix(OPEN))
    if contents.captures:
        _cut_and_rename(path, contents.end)
    else:
        path.unlink()


def _take_over_segment(path: Path, index: Index, uploader: Uploader) -> None:
    manifest = path.with_name(sibling(path.name, "jsonl"))
    contents = read_contents(path, path.name)
    if not manifest.exists():
        write_side_files(path, sha256_file(path), contents.captures, contents.entries)
    index.add_segment(
        Segment(
            filename=path.name,
            source=source_of(path.name),
            state="spooled",
            node=socket.gethostname(),
            path=str(path.parent),
        )
    )
    index.commit(contents.captures)
    uploader.submit(path)


def _seal_run(path: Path) -> None:
    end = 0
    try:
        for offset, length, _ in members(path):
            end = offset + length
    except RecordError:
        pass  # the cut below is what this is about
    if end:
        _cut_and_rename(path, end)
    else:
        path.unlink()


def _take_over_run(path: Path, index: Index, uploader: Uploader) -> None:
    if not path.with_name(sibling(path.name, "jsonl")).exists():
        write_run_manifest(path, sha256_file(path))
    # A segment that the index has lost: rebuild-index finds it and this run in the store.
    with contextlib.suppress(SegmentUnknown):
        index.commit([], list(read_documents(path)))
    uploader.submit(path)


def read_documents(path: Path) -> Iterator[Document]:
    """Documents of a text object. Raises RecordError, OSError."""
    for offset, _, content in members(path):
        try:
            yield from_json(json.loads(content))
        except (ValueError, KeyError) as error:
            raise RecordError(f"{path.name} has no document at {offset}: {error}") from error


def _cut_and_rename(path: Path, end: int) -> None:
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    path.rename(path.with_name(path.name.removesuffix(OPEN)))
    sync_folder(path.parent)
