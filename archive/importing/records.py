"""Records of WARC files as other tools write them, one after the other, as they stand in the file.

A file may have one gzip member a record, several records a member, or no compression at all.
"""

from __future__ import annotations

import gzip
import re
import shlex
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from archive.codings import DECODED_LIMIT
from archive.errors import RecordError
from archive.warc.gzip import MemberDamaged, MemberTooLarge, member, packed_members_of

RECORD_LIMIT = DECODED_LIMIT
"""Bytes that one record may have: it is read whole, here and whenever its capture is opened."""

_HEADER_LIMIT = 1 << 20
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"PK\x03\x04": "is a ZIP file: the name of a WACZ ends in .wacz",
    b"\x28\xb5\x2f\xfd": "is compressed by Zstandard: decompress it with `zstd -d` first",
    b"filedesc:": "is an ARC file, the format before WARC: `warcio recompress` converts it",
}
_LENGTH = re.compile(rb"\nContent-Length:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarcFile:
    """A file that is to be taken in."""

    path: Path
    name: str  #: what people know it by: its own name, or its package and its name there
    unpacked: bool = False  #: whether it is a copy of what lies in a package


def packed_records(warc: WarcFile) -> Iterator[tuple[bytes, bytes, str]]:
    """`(gzip member, record, place)` of each record, in order.

    The member is the file's own where the file has one for each record. Raises RecordError, which
    names the place; OSError.
    """
    if _is_gzip(warc) and _has_a_member_each(warc):
        for offset, packed, record in _members(warc):
            yield packed, record, f"{warc.name} at {offset}"
    else:
        yield from _repacked_records(warc)


def first_record(warc: WarcFile) -> bytes | None:
    """Its first record, without a look at the rest; None: it is empty.

    Raises RecordError, OSError.
    """
    for _, record, _ in _repacked_records(warc):
        return record
    return None


def _is_gzip(warc: WarcFile) -> bool:
    """Raises RecordError for what is neither that nor plain."""
    with warc.path.open("rb") as file:
        beginning = file.read(16)
    for magic, what in _OTHERS.items():
        if beginning.startswith(magic):
            raise RecordError(f"{warc.name} {what}")
    return beginning.startswith(_GZIP)


def _repacked_records(warc: WarcFile) -> Iterator[tuple[bytes, bytes, str]]:
    if _is_gzip(warc):
        with gzip.open(warc.path) as file:
            yield from _repacked(file, warc, "zcat {1} | head -c {0}")
    else:
        with warc.path.open("rb") as file:
            yield from _repacked(file, warc, "head -c {} {}")


def _members(warc: WarcFile) -> Iterator[tuple[int, bytes, bytes]]:
    with warc.path.open("rb", buffering=0) as file:
        yield from packed_members_of(file.read, warc.name, limit=RECORD_LIMIT)


def _has_a_member_each(warc: WarcFile) -> bool:
    try:
        for offset, _, content in _members(warc):
            stream = BytesIO(content)
            _record(stream, f"{warc.name} at {offset}")
            if stream.read(1):
                return False
    except MemberTooLarge:
        return False
    except MemberDamaged as error:
        if error.offset == 0:
            return False  # it may have whole records all the same
        raise _cut_off(warc, str(error), "head -c {} {}", error.offset) from error
    return True


def _repacked(
    file: IO[bytes] | gzip.GzipFile, warc: WarcFile, cut: str
) -> Iterator[tuple[bytes, bytes, str]]:
    """`cut` is the command that gives so many bytes of the file's content."""
    number = 0
    while True:
        number += 1
        place, start = f"{warc.name}, record {number}", file.tell()
        try:
            record = _record(file, place)
        except (_CutOff, EOFError, zlib.error, gzip.BadGzipFile) as error:
            if start == 0:
                raise _damaged(place, "is damaged or cut off") from error
            raise _cut_off(warc, f"{place} is damaged or cut off", cut, start) from error
        if record is None:
            return
        yield b"".join(member([record])), record, place


def _record(file: IO[bytes] | gzip.GzipFile, place: str) -> bytes | None:
    """The next record with the two line ends behind it; None at the end. Raises RecordError."""
    header = bytearray()
    while line := file.readline(_HEADER_LIMIT):
        header += line
        if len(header) > _HEADER_LIMIT or not header.startswith(b"WARC/"):
            raise _damaged(place, "is no WARC record")
        if line in (b"\r\n", b"\n"):
            break
    if not header:
        return None
    if not line:
        raise _CutOff(f"{place} ends within its header: take another copy of the file")
    length = _LENGTH.search(header)
    if length is None:
        raise _damaged(place, "has no Content-Length")
    size = int(length[1])
    if size > RECORD_LIMIT:
        raise RecordError(f"{place} has {size} bytes; {RECORD_LIMIT} are the most that is taken in")
    block = file.read(size)
    end = file.read(4)
    if len(block) < size or len(end) < 4:
        raise _CutOff(f"{place} ends before its Content-Length says: take another copy of the file")
    if end != b"\r\n\r\n":
        raise _damaged(place, "does not end where its Content-Length says")
    return bytes(header) + block + end


class _CutOff(RecordError):
    """There are no more bytes, although the record needs some."""


def _cut_off(warc: WarcFile, what: str, cut: str, size: int) -> RecordError:
    """`cut` is the command that gives so many bytes of what the file holds."""
    if warc.unpacked:
        return RecordError(
            f"{what}: take another copy of the package, or unpack it and import its WARC files; "
            "what is whole of this one can be kept then"
        )
    quoted = shlex.quote(warc.name)
    target = quoted.replace(".gz", "") if cut.startswith("zcat") else quoted
    command = f"{cut.format(size, quoted)} > whole-{target}"
    return RecordError(
        f"{what}: take another copy of the file, or import what stands before that: `{command}`"
    )


def _damaged(place: str, what: str) -> RecordError:
    return RecordError(
        f"{place} {what}: take another copy of the file; `warcio check` shows what else is wrong"
    )
