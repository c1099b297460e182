"""Undoing transfer and content codings, within a limit of size."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Literal

import brotli
import zstandard

from archive.errors import ContentError

DECODED_LIMIT = 1 << 30
"""Bytes that a decoded body may have; more is taken for a decompression bomb."""

LAYERS = 4
"""Content codings that are undone one after the other; more is taken for an attack."""

_PIECE = 1 << 16
_WINDOW = 8 << 20
"""Bytes that zstd may refer back to (RFC 9659): more would have to be held for each body."""

_CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")


class Dechunker:
    """Incremental decoder of the chunked transfer coding (RFC 9112, 7.1).

    Lenient as receivers are: extensions and trailers are skipped, line ends may be LF. What comes
    after the last chunk is ignored. Input that is not chunked at all ends the decoding: `broken`.
    """

    def __init__(self) -> None:
        self._state: Literal["size", "data", "end", "trailer", "done"] = "size"
        self._line = bytearray()
        self._left = 0
        self.broken = False  #: a chunk size was not a number

    @property
    def done(self) -> bool:
        """Whether the last chunk and its trailer have been seen."""
        return self._state == "done"

    def feed(self, data: bytes) -> bytes:
        """Body bytes that this piece of the coded message completes."""
        view, out, at = memoryview(data), [], 0
        while at < len(data) and self._state != "done" and not self.broken:
            if self._state == "data":
                piece = view[at : at + self._left]
                out.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._state = "end"
                continue
            newline = data.find(b"\n", at)
            if newline < 0:
                self._line += view[at:]
                break
            self._line += view[at:newline]
            at = newline + 1
            self._end_of_line(bytes(self._line).rstrip(b"\r"))
            self._line.clear()
        return b"".join(out)

    def _end_of_line(self, line: bytes) -> None:
        if self._state == "trailer":
            if not line:
                self._state = "done"
        elif self._state == "end":
            self._state = "size"
        else:
            # Not int() alone, which takes signs and underscores.
            size = line.partition(b";")[0].strip(b" \t")
            if not _CHUNK_SIZE.fullmatch(size):
                self.broken = True
                return
            self._left = int(size, 16)
            self._state = "data" if self._left else "trailer"


def dechunk(data: bytes) -> bytes:
    """The body of a chunked message; of a cut one, what is there."""
    return Dechunker().feed(data)


def decode_content(codings: list[str], data: bytes, *, limit: int = DECODED_LIMIT) -> bytes:
    """Undo content codings (RFC 9110, 8.4), the last one first: gzip, deflate, br, zstd, identity.

    A stream that ends too early gives what can be decoded. Raises ContentError for an unknown
    coding, bytes that are not of the coding named, more than `LAYERS` codings, or a result of more
    than `limit` bytes.
    """
    return b"".join(decoded_pieces(codings, data, limit=limit))


def decoded_pieces(
    codings: list[str], data: bytes, *, limit: int = DECODED_LIMIT, between: int | None = None
) -> Iterator[bytes]:
    """The same piece by piece: no more than some of it need be held, beside what is decoded to be
    decoded again, which has at most `between` bytes (None: `limit`)."""
    wanted = [coding for coding in codings if coding != "identity"]
    if len(wanted) > LAYERS:
        raise ContentError(f"{len(wanted)} content codings on top of each other are refused")
    for coding in reversed(wanted[1:]):
        data = b"".join(_bounded(coding, data, limit if between is None else between))
    yield from _bounded(wanted[0], data, limit) if wanted else (data,)


def _bounded(coding: str, data: bytes, limit: int) -> Iterator[bytes]:
    decoder = _DECODERS.get(coding)
    if decoder is None:
        raise ContentError(f"the content coding {coding!r} is not known")
    size = 0
    try:
        for piece in decoder(data):
            size += len(piece)
            if size > limit:
                raise ContentError(f"the {coding} body is more than {limit} bytes when decoded")
            yield piece
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise ContentError(f"the body is not valid {coding}: {error}") from error


def _zlib_pieces(data: bytes, wbits: int) -> Iterator[bytes]:
    view, at = memoryview(data), 0
    decompressor = zlib.decompressobj(wbits)
    while at < len(view):
        given = view[at : at + _PIECE]
        at += len(given)
        yield decompressor.decompress(given, _PIECE)
        # At its end, zlib may leave what follows in both `unconsumed_tail` and `unused_data`.
        while decompressor.unconsumed_tail and not decompressor.eof:
            yield decompressor.decompress(decompressor.unconsumed_tail, _PIECE)
        if decompressor.eof:
            at -= len(decompressor.unused_data)
            # Several gzip members may follow each other; anything else behind them is padding.
            if data[at : at + 2] != b"\x1f\x8b":
                return
            decompressor = zlib.decompressobj(wbits)
    yield decompressor.flush()


def _gzip(data: bytes) -> Iterator[bytes]:
    return _zlib_pieces(data, 31)


def _deflate(data: bytes) -> Iterator[bytes]:
    # "deflate" means zlib (RFC 9110, 8.4.1.2), but servers that send it raw are common.
    is_zlib = len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
    return _zlib_pieces(data, 15 if is_zlib else -15)


def _brotli(data: bytes) -> Iterator[bytes]:
    decompressor = brotli.Decompressor()
    yield decompressor.process(data, output_buffer_limit=_PIECE)
    while not decompressor.is_finished():
        piece = decompressor.process(b"", output_buffer_limit=_PIECE)
        if not piece and decompressor.can_accept_more_data():
            return
        yield piece


def _zstd(data: bytes) -> Iterator[bytes]:
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
        data, read_across_frames=True
    )
    while piece := reader.read(_PIECE):
        yield piece


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
