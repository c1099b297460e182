"""Reading whole archive files: what a WARC, a CDXJ and a text object hold, read from themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.cdxj import from_line
from archive.documents import from_json, text_digest
from archive.errors import RecordError
from archive.model import Capture, Document
from archive.names import segment_of
from archive.segment import Entry
from archive.warc.captures import capture_of, is_indexed
from archive.warc.gzip import members, packed_members, packed_members_of
from archive.warc.reading import Member, Record, read_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a WARC file holds, up to its first record that is not whole."""

    captures: Sequence[Capture]
    entries: Sequence[Entry]
    end: int  #: byte behind the last whole record
    sha256: str  #: hex, over the bytes before `end`
    damage: str | None  #: why reading stopped before the end of the file
    #: the same without the exchange at the end whose mate is missing; itself where there is none
    whole: Contents | None = None

    @property
    def exchanges(self) -> Contents:
        """What an open file that nobody writes to any more is cut to."""
        return self.whole or self


def read_contents(path: Path, filename: str) -> Contents:
    """Captures and manifest entries of a WARC with one gzip member a record. Raises OSError."""
    captures: list[Capture] = []
    entries: list[Entry] = []
    reader = RecordReader(filename)
    end, damage = 0, None
    digest, unhashed = hashlib.sha256(), list[bytes]()
    counts = (0, 0, 0)
    try:
        for offset, packed, content in packed_members(path):
            record = read_record(content, where=f"{filename} at {offset}")
            member = Member(offset=offset, length=len(packed), record=record)
            entry, capture = reader.take(member, hashlib.sha256(packed).hexdigest())
            entries.append(entry)
            if capture is not None:
                captures.append(capture)
            end += len(packed)
            unhashed.append(packed)
            if not reader.waiting:
                digest.update(b"".join(unhashed))
                unhashed.clear()
                counts = len(captures), len(entries), end
    except RecordError as error:
        damage = str(error)
    whole = None
    if reader.waiting:
        whole = Contents(
            captures=captures[: counts[0]],
            entries=entries[: counts[1]],
            end=counts[2],
            sha256=digest.hexdigest(),
            damage=damage or f"{filename} ends with a request that has no response",
        )
        digest.update(b"".join(unhashed))
    return Contents(
        captures=captures,
        entries=entries,
        end=end,
        sha256=digest.hexdigest(),
        damage=damage,
        whole=whole,
    )


class RecordReader:
    """Records of one WARC in their order in, manifest entries and captures out."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._exchanges = _Exchanges()

    @property
    def waiting(self) -> bool:
        """Whether a request was seen whose response was not."""
        return bool(self._exchanges.waiting)

    def take(self, member: Member, digest: str) -> tuple[Entry, Capture | None]:
        """`digest` is the sha256 hex of the compressed member. Raises RecordError."""
        record = member.record
        type_ = record.type
        request_length = self._exchanges.take(member)
        capture = None
        if is_indexed(record):
            capture = capture_of(member, self._filename, request_length=request_length)
        entry = Entry(
            record=record.record_id,
            type=type_,
            offset=member.offset,
            length=member.length,
            sha256=digest,
            url=record.url if type_ in ("request", "response", "revisit") else None,
            timestamp=capture.timestamp if capture else None,
            digest=capture.digest if capture else None,
        )
        return entry, capture


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
    """Captures of a CDXJ file. Raises RecordError, OSError."""
    text = b"".join(content for _, _, content in members(path))
    return [from_line(line) for line in text.decode("ascii", "replace").splitlines()]


def documents_in(read: Callable[[int], bytes], name: str) -> Iterator[tuple[Document, bool]]:
    """Documents of a text object that `read` gives, and whether each has the text of its digest.

    Raises RecordError, also for a document of another segment, and what `read` raises.
    """
    for offset, _, content in packed_members_of(read, name):
        try:
            fields = json.loads(content)
            document = from_json(fields)
            whole = fields["text_digest"] == text_digest(document.article.text)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RecordError(f"{name} has no document at {offset}: {error!r}") from error
        if document.filename != segment_of(name):
            raise RecordError(f"{name} has a document of {document.filename} at {offset}")
        yield document, whole
