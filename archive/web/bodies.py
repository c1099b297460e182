"""Decoded bodies. A large one is decoded as it is sent, and never held: a kilobyte may stand for
hundreds of megabytes, and a client that reads slowly would keep them here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

from starlette.responses import Response, StreamingResponse

from archive.codings import decoded_pieces
from archive.errors import TakesLong

DECODED_LIMIT = 256 << 20
"""Bytes of a decoded body; more is taken for a decompression bomb."""

HELD = 1 << 20
"""Bytes of a decoded body that is sent in one piece."""

_BETWEEN = 4 << 20
"""Bytes between two codings."""

_START = 1 << 10

Call = Callable[..., Awaitable[bytes]]
"""Does work in a thread: Site.call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is to be sent."""

    start: bytes  #: all of it where `pieces` is None, else 1 KiB
    size: int  #: bytes of all of it
    pieces: Callable[[], Iterator[bytes]] | None = None  #: decodes it anew

    def whole(self) -> bytes:
        """In one piece."""
        return self.start if self.pieces is None else b"".join(self.pieces())

    def response(self, status: int, call: Call) -> Response:
        """Without headers but those that Starlette adds."""
        if self.pieces is None:
            return Response(self.start, status)
        return StreamingResponse(_streamed(self.pieces(), call), status)


async def _streamed(pieces: Iterator[bytes], call: Call) -> AsyncIterator[bytes]:
    while piece := await call(next, pieces, b""):
        yield piece


def decoded(codings: list[str], payload: bytes, *, soon: bool = False) -> Body:
    """Raises ContentError, also for what is wrong at the end of a large one: it is decoded once
    before the first byte is sent. With `soon` raises TakesLong for a large one."""
    if not codings:
        return Body(start=payload, size=len(payload))

    def pieces() -> Iterator[bytes]:
        found = decoded_pieces(codings, payload, limit=DECODED_LIMIT, between=_BETWEEN)
        return filter(None, found)

    held, size = [], 0
    found = pieces()
    for piece in found:
        held.append(piece)
        size += len(piece)
        if size > HELD:
            break
    start = b"".join(held)
    if size <= HELD:
        return Body(start=start, size=size)
    if soon:
        raise TakesLong("the decoded body is large")
    size += sum(map(len, found))
    return Body(start=start[:_START], size=size, pieces=pieces)
