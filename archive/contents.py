"""Reading whole archive files: what a WARC, a CDXJ and a text object hold, read from themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.cdxj import from_line
from archive.documents import from_json
from archive.errors import RecordError
from archive.model import Capture, Document
from archive.segment import Entry
from archive.warc.captures import capture_of
from archive.warc.gzip import members
from archive.warc.reading import Member, Record, read_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a WARC file holds, up to its first record that is not whole."""

    captures: Sequence[Capture]
    entries: Sequence[Entry]
    end: int  #: byte behind the last whole exchange: an open file is cut here
    damage: str | None  #: why reading stopped before the end of the file


def read_contents(path: Path, filename: str) -> Contents:
    """Captures and manifest entries of a WARC with one gzip member a record. Raises OSError."""
    captures: list[Capture] = []
    entries: list[Entry] = []
    exchanges = _Exchanges()
    end, whole, damage = 0, 0, None
    try:
        for member, digest in _members(path):
            record = member.record
            request_length = exchanges.take(member)
            entry = Entry(
                record=record.record_id,
                type=record.type,
                offset=member.offset,
                length=member.length,
                sha256=digest,
                url=record.url if record.type in ("request", "response", "revisit") else None,
            )
            if record.type in ("response", "revisit"):
                capture = capture_of(member, filename, request_length=request_length)
                captures.append(capture)
                entries.append(_with_capture(entry, capture))
            else:
                entries.append(entry)
            if not exchanges.waiting:
                end, whole = member.offset + member.length, len(entries)
    except RecordError as error:
        damage = str(error)
    if exchanges.waiting:
        damage = damage or f"{filename} ends with a request that has no response"
    return Contents(captures=captures, entries=entries[:whole], end=end, damage=damage)


class _Exchanges:
    """Which requests and responses belong together, whichever of the two a tool writes first."""

    def __init__(self) -> None:
        self.waiting: set[str] = set()  #: ids of responses that a request names and nobody has seen
        self._seen: set[str] = set()
        self._request: Member | None = None  # the record right before, if it is one

    def take(self, member: Member) -> int | None:
        """The next record; for a response, compressed bytes of its request right before it."""
        record, before = member.record, self._request
        self._request = member if record.type == "request" else None
        if record.type == "request":
            mate = record.get("WARC-Concurrent-To")
            if mate and mate not in self._seen:
                self.waiting.add(mate)
        elif record.type in ("response", "revisit"):
            self.waiting.discard(record.record_id)
            self._seen.add(record.record_id)
            if before is not None and _are_mates(before.record, record):
                return before.length
        return None


def _are_mates(request: Record, response: Record) -> bool:
    theirs = request.get("WARC-Concurrent-To")
    ours = response.get("WARC-Concurrent-To")
    if theirs is None and ours is None:
        return request.url == response.url
    return theirs == response.record_id or ours == request.record_id


def read_cdxj(path: Path) -> list[Capture]:
    """Captures of a CDXJ file. Raises RecordError, CdxjError, OSError."""
    text = b"".join(content for _, _, content in members(path))
    return [from_line(line) for line in text.decode("ascii", "replace").splitlines()]


def read_documents(path: Path) -> Iterator[Document]:
    """Documents of a text object. Raises RecordError, OSError."""
    for offset, _, content in members(path):
        try:
            yield from_json(json.loads(content))
        except (ValueError, KeyError) as error:
            raise RecordError(f"{path.name} has no document at {offset}: {error}") from error


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
