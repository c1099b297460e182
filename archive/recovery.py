"""What dead processes left in the spool: cut to what is whole, sealed, indexed, handed to upload.

The database is not asked. An open WARC ends where its first member is not whole, or before an
exchange whose mate is missing; everything before that is kept, acknowledged or not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.appending import OPEN
from archive.cdxj import CdxjError, from_line
from archive.digests import sha256_file
from archive.documents import from_json
from archive.errors import KeyInvalid, RecordError, SegmentUnknown
from archive.files import sync_folder
from archive.index import Index
from archive.model import Capture, Document, Segment
from archive.names import sibling, source_of
from archive.segment import Entry, write_side_files
from archive.spool import Spool
from archive.text_run import write_run_manifest
from archive.upload import Uploader
from archive.warc.captures import capture_of
from archive.warc.gzip import members
from archive.warc.reading import Member, read_record

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a WARC file holds, read from the file itself."""

    captures: Sequence[Capture]
    entries: Sequence[Entry]
    end: int  #: byte behind the last whole exchange
    damage: str | None  #: why reading stopped before the end of the file


def adopt(home: Path, index: Index, uploader: Uploader) -> list[Spool]:
    """Recover every abandoned spool; close the returned ones when the uploads are over.

    A file that makes no sense stays where it is, with a warning. Raises OSError, IndexFailure.
    """
    spools = list(Spool.abandoned(home))
    try:
        for spool in spools:
            _adopt(spool, index, uploader)
    except BaseException:
        for spool in spools:
            spool.close()
        raise
    return spools


def _adopt(spool: Spool, index: Index, uploader: Uploader) -> None:
    for path in spool.files("*.part"):
        path.unlink()
    _sweep(spool)
    for pattern, seal, take_over in (
        ("*.warc.gz", _seal_segment, _take_over_segment),
        ("*.jsonl.gz", _seal_run, _take_over_run),
    ):
        for path in spool.files(f"{pattern}{OPEN}"):
            seal(path)
        for path in spool.files(pattern):
            try:
                take_over(path, index)
            except (RecordError, CdxjError, KeyInvalid) as error:
                logger.warning("%s stays in the spool: %s", path, error)
            else:
                uploader.submit(path)


def _sweep(spool: Spool) -> None:
    """Remove side files whose WARC or text is gone: of an upload, that is removed first."""
    for path in (*spool.files("*.cdxj.gz"), *spool.files("*.jsonl")):
        with contextlib.suppress(KeyInvalid):
            uploaded = (sibling(path.name, "warc.gz"), sibling(path.name, "jsonl.gz"))
            if not any(path.with_name(name).exists() for name in uploaded):
                path.unlink()


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
    if contents.damage is not None:
        logger.info("%s is cut to %d bytes: %s", path, contents.end, contents.damage)
    if contents.captures:
        _cut_and_rename(path, contents.end)
    else:
        path.unlink()


def _take_over_segment(path: Path, index: Index) -> None:
    captures = _captures(path)
    index.add_segment(
        Segment(
            filename=path.name,
            source=source_of(path.name),
            state="spooled",
            node=socket.gethostname(),
            path=str(path.parent),
        )
    )
    index.commit(captures)


def _captures(path: Path) -> Sequence[Capture]:
    """Captures of a sealed WARC; its side files are written where they are not both there."""
    cdxj = path.with_name(sibling(path.name, "cdxj.gz"))
    if cdxj.exists() and path.with_name(sibling(path.name, "jsonl")).exists():
        return read_cdxj(cdxj)
    contents = read_contents(path, path.name)
    if contents.damage is not None:
        # It was whole when it got its name: not to be passed off as what was written.
        raise RecordError(contents.damage)
    write_side_files(path, sha256_file(path), contents.captures, contents.entries)
    return contents.captures


def read_cdxj(path: Path) -> list[Capture]:
    """Captures of a CDXJ file. Raises RecordError, CdxjError, OSError."""
    text = b"".join(content for _, _, content in members(path))
    return [from_line(line) for line in text.decode("ascii", "replace").splitlines()]


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


def _take_over_run(path: Path, index: Index) -> None:
    documents = list(read_documents(path))
    if not path.with_name(sibling(path.name, "jsonl")).exists():
        write_run_manifest(path, sha256_file(path))
    # A segment that the index has lost: rebuild-index finds it and this run in the store.
    with contextlib.suppress(SegmentUnknown):
        index.commit([], documents)


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
