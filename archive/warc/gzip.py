"""gzip members: igzip (ISA-L) where it is installed, zlib otherwise.

igzip's level 1 costs a tenth of zlib's default on HTML and packs nearly as well; level 0 would
make bodies that are compressed already grow.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from archive.errors import RecordError

_codec: Any
_ERRORS: tuple[type[Exception], ...]
try:
    from isal import isal_zlib

    _codec, _LEVEL = isal_zlib, 1
    _ERRORS = (zlib.error, ValueError, _codec.error)
except ImportError:  # no wheel for this machine
    _codec, _LEVEL, _ERRORS = zlib, 6, (zlib.error, ValueError)

_GZIP = 31
_MAGIC = b"\x1f\x8b\x08"
# What lies behind a member is handed back, and copied by that: most members are small.
_FIRST = 1 << 12
_NEXT = 1 << 16
_BATCH = 1 << 20


class MemberTooLarge(RecordError):
    """A gzip member is larger than one record may be: read it as a stream, or not at all."""


class MemberDamaged(RecordError):
    """What stands at `offset` is no whole gzip member; all before it is."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def member(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip member (RFC 1952) over the pieces, in pieces."""
    compressor = _codec.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    # Each call lets other threads run and has to wait for them: one for most records.
    for batch in _batches(pieces):
        compressed = compressor.compress(batch)
        if compressed:
            yield compressed
    yield compressor.flush()


def _batches(pieces: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _BATCH:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def members(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """`(offset, length, content)` of each whole gzip member of a file, in order.

    Raises MemberDamaged at the first byte that is not part of a whole member, after everything
    before it has been given; OSError as the file raises it.
    """
    for offset, compressed, content in packed_members(path):
        yield offset, len(compressed), content


def packed_members(path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """As `members`: `(offset, member as it stands in the file, content)`."""
    with path.open("rb", buffering=0) as file:
        yield from packed_members_of(file.read, path.name)


def packed_members_of(
    read: Callable[[int], bytes], name: str, *, limit: int | None = None
) -> Iterator[tuple[int, bytes, bytes]]:
    """As `packed_members`, of what `read` gives, so many bytes at the most; `name` is for errors.

    Raises MemberDamaged, MemberTooLarge for a content of more than `limit` bytes, and what `read`
    raises.
    """
    offset, rest = 0, b""
    while data := rest or read(_FIRST):
        decompressor = _codec.decompressobj(_GZIP)
        compressed, content, size = [], [], 0
        try:
            while True:
                compressed.append(data)
                content.append(decompressor.decompress(data))
                size += len(content[-1])
                if limit is not None and size > limit:
                    raise MemberTooLarge(f"{name} has a member of more than {limit} bytes")
                if decompressor.eof:
                    break
                data = read(_NEXT)
                if not data:
                    message = f"{name} ends within the member at {offset}"
                    raise MemberDamaged(message, offset)
        except _ERRORS as error:
            message = f"{name} has no whole gzip member at {offset}"
            raise MemberDamaged(message, offset) from error
        rest = decompressor.unused_data
        if rest:
            compressed[-1] = data[: -len(rest)]
        whole = b"".join(compressed)
        yield offset, whole, b"".join(content)
        offset += len(whole)


def content_of(data: bytes) -> bytes | None:
    """The content of the one whole member that `data` begins with; None: it begins with none."""
    if not data.startswith(_MAGIC):
        return None
    decompressor = _codec.decompressobj(_GZIP)
    try:
        content: bytes = decompressor.decompress(data)
    except _ERRORS:
        return None
    return content if decompressor.eof else None


def stated_size(data: bytes) -> int:
    """Bytes of the content of the member that `data` ends with, as it says itself (RFC 1952, 2.3.1:
    modulo 2**32); what is read is compared with it."""
    return int.from_bytes(data[-4:], "little") if data.startswith(_MAGIC) else len(data)


def find_member(path: Path, start: int, begins: bytes) -> int | None:
    """Offset of the first whole member at or behind `start` whose content begins so.

    For files that are damaged; members need not follow each other. Raises OSError.
    """
    with path.open("rb", buffering=0) as file:
        while True:
            file.seek(start)
            # A magic number may lie across two pieces.
            piece = file.read(_BATCH + len(_MAGIC) - 1)
            at = piece.find(_MAGIC)
            while at >= 0:
                if _is_whole(file, start + at, begins):
                    return start + at
                at = piece.find(_MAGIC, at + 1)
            if len(piece) < len(_MAGIC):
                return None
            start += len(piece) - len(_MAGIC) + 1


def _is_whole(file: FileIO, at: int, begins: bytes) -> bool:
    file.seek(at)
    decompressor, head = _codec.decompressobj(_GZIP), b""
    try:
        while not decompressor.eof:
            data = file.read(_NEXT)
            content = decompressor.decompress(data)
            head = (head + content[: len(begins)])[: len(begins)]
            if not data or not begins.startswith(head):
                return False
    except _ERRORS:
        return False
    return head == begins
