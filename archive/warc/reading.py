"""Reading records: FastWARC where a record is not as we write it, warcio where FastWARC gives up.

Only errors of our own come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path

from fastwarc.warc import ArchiveIterator as FastIterator
from fastwarc.warc import WarcRecordType
from warcio.archiveiterator import ArchiveIterator as WarcioIterator
from warcio.exceptions import ArchiveLoadFailed

from archive.digests import sha256
from archive.errors import DigestMismatch, RecordError
from archive.http import ResponseHead, parse_head
from archive.warc.gzip import content_of, members

_PLAIN = re.compile(rb"WARC/1\.[01](?:\r\n[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?)+")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record as it was read. Field names keep the spelling of the file."""

    headers: tuple[tuple[str, str], ...]  #: named fields in order
    block: bytes  #: verbatim
    _first: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Backwards: of a field that is repeated the first one stays.
        first = {name.lower(): value for name, value in reversed(self.headers)}
        object.__setattr__(self, "_first", first)

    def get(self, name: str) -> str | None:
        """The first value of a named field, whatever the spelling of its name."""
        return self._first.get(name.lower())

    @property
    def type(self) -> str:
        """WARC-Type in lower case, "" where the record has none."""
        return self._first.get("warc-type", "").lower()

    @property
    def record_id(self) -> str:
        """`<urn:uuid:...>`, "" where the record has none."""
        return self._first.get("warc-record-id", "")

    @property
    def url(self) -> str:
        """WARC-Target-URI without the angle brackets that some tools put around it."""
        url = self._first.get("warc-target-uri", "")
        # A pair around the whole (the grammar of WARC 1.0); one alone is part of the URL.
        return url[1:-1] if url.startswith("<") and url.endswith(">") else url

    @cached_property
    def head(self) -> ResponseHead:
        """Head of the HTTP response in the block."""
        return parse_head(self.block)

    def check_block(self) -> None:
        """Raise DigestMismatch when the block is not the one whose SHA-256 the record names."""
        stated = self.get("WARC-Block-Digest")
        if stated and stated.startswith("sha256:") and stated != sha256(self.block):
            raise DigestMismatch(f"the block of {self.record_id} is not what was written")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One gzip member of a WARC file."""

    offset: int  #: of its first byte
    length: int  #: compressed bytes
    record: Record


def read_record(data: bytes, *, where: str) -> Record:
    """The first record in `data` (one gzip member, or plain); `where` names it in errors.

    Raises RecordError when neither reader finds a whole record.
    """
    try:
        record = _read_plain(content_of(data) or data) or _read_fastwarc(data) or _read_warcio(data)
    except (ArchiveLoadFailed, ValueError, AttributeError, KeyError, EOFError, OSError) as error:
        # warcio raises more than its own exceptions on damaged fields, and quotes bytes in them.
        raise RecordError(f"{where} holds no whole WARC record") from error
    if record is None:
        raise RecordError(f"{where} holds no whole WARC record")
    return record


def read_members(path: Path) -> Iterator[Member]:
    """Every record of a file that has one gzip member a record. Raises RecordError, OSError."""
    for offset, length, content in members(path):
        record = read_record(content, where=f"{path.name} at {offset}")
        yield Member(offset=offset, length=length, record=record)


def _read_plain(data: bytes) -> Record | None:
    """What is written as we write it, in a fifth of the time; None for everything else."""
    end = data.find(b"\r\n\r\n")
    if end < 0 or not data.endswith(b"\r\n\r\n"):
        return None
    # A folded line, odd white space or a line end of another kind is left to those who know them.
    if not _PLAIN.fullmatch(data, 0, end):
        return None
    lines = data[:end].decode("ascii").split("\r\n")
    fields = [line.partition(": ") for line in lines[1:]]
    record = Record(
        headers=tuple([(name, value) for name, _, value in fields]), block=data[end + 4 : -4]
    )
    return record if _whole(record) else None


def _read_fastwarc(data: bytes) -> Record | None:
    try:
        # A wrong member makes FastWARC look for the next one: the first record must be at 0.
        found = next(
            iter(
                FastIterator(BytesIO(data), record_types=WarcRecordType.any_type, parse_http=False)
            ),
            None,
        )
        if found is None or found.stream_pos != 0:
            return None
        block: bytes = found.reader.read()
    except Exception:  # noqa: BLE001 - whatever FastWARC raises, warcio is asked next
        return None
    record = Record(headers=found.headers.to_tuples(), block=block)
    return record if _whole(record) else None


def _read_warcio(data: bytes) -> Record | None:
    for found in WarcioIterator(BytesIO(data), no_record_parse=True):
        block: bytes = found.raw_stream.read()
        record = Record(headers=tuple(found.rec_headers.headers), block=block)
        return record if _whole(record) else None
    return None


def _whole(record: Record) -> bool:
    # Both readers take a length that is empty for 0.
    length = (record.get("Content-Length") or "").strip()
    return length.isdecimal() and int(length) == len(record.block)
