"""Records of WARC files as other tools write them, one after the other, as they stand in the file.

A file may have one gzip member a record, several records a member, or no compression at all.
"""

from __future__ import annotations

import gzip
import re
import shlex
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from archive.codings import DECODED_LIMIT
from archive.errors import RecordError
from archive.warc.gzip import MemberDamaged, MemberTooLarge, member, packed_members

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


def packed_records(path: Path) -> Iterator[tuple[bytes, bytes, str]]:
    """`(gzip member, record, place)` of each record, in order.

    The member is the file's own where the file has one for each record. Raises RecordError, which
    names the place; OSError.
    """
    with path.open("rb") as file:
        beginning = file.read(16)
    for magic, what in _OTHERS.items():
        if beginning.startswith(magic):
            raise RecordError(f"{path.name} {what}")
    if not beginning.startswith(_GZIP):
        with path.open("rb") as file:
            yield from _repacked(file, path.name, "head -c {} {}")
    elif _has_a_member_each(path):
        for offset, packed, record in packed_members(path, limit=RECORD_LIMIT):
            yield packed, record, f"{path.name} at {offset}"
    else:
        with gzip.open(path) as file:
            yield from _repacked(file, path.name, "zcat {1} | head -c {0}")


def _has_a_member_each(path: Path) -> bool:
    try:
        for offset, _, content in packed_members(path, limit=RECORD_LIMIT):
            stream = BytesIO(content)
            _record(stream, f"{path.name} at {offset}")
            if stream.read(1):
                return False
    except MemberTooLarge:
        return False
    except MemberDamaged as error:
        if error.offset == 0:
            return False  # it may have whole records all the same
        raise _cut_off(str(error), "head -c {} {}", error.offset, path.name) from error
    return True


def _repacked(
    file: IO[bytes] | gzip.GzipFile, name: str, cut: str
) -> Iterator[tuple[bytes, bytes, str]]:
    """`cut` is the command that gives so many bytes of the file's content."""
    number = 0
    while True:
        number += 1
        place, start = f"{name}, record {number}", file.tell()
        try:
            record = _record(file, place)
        except (_CutOff, EOFError, zlib.error, gzip.BadGzipFile) as error:
            if start == 0:
                raise _damaged(place, "is damaged or cut off") from error
            raise _cut_off(f"{place} is damaged or cut off", cut, start, name) from error
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


def _cut_off(what: str, cut: str, size: int, name: str) -> RecordError:
    """`cut` is the command that gives so many bytes of what the file of that name holds."""
    quoted = shlex.quote(name)
    target = quoted.replace(".gz", "") if cut.startswith("zcat") else quoted
    command = f"{cut.format(size, quoted)} > whole-{target}"
    return RecordError(
        f"{what}: take another copy of the file, or import what stands before that: `{command}`"
    )


def _damaged(place: str, what: str) -> RecordError:
    return RecordError(
        f"{place} {what}: take another copy of the file; `warcio check` shows what else is wrong"
    )
