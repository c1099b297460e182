"""Recording: one exchange while it crosses the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from archive.block import SPILL, Block
from archive.http import ResponseHead, final_start, head_end, is_interim, parse_head
from archive.model import Connection
from archive.response_digest import HEAD_LIMIT, ResponseDigest
from archive.timestamps import now
from crawler.guard.errors import ResponseRefused

_BATCH = 1 << 18

Ending = Literal["boundary", "close"]
"""How the parser saw a message end: by its own framing, or with the connection."""


class Recording:
    """Takes the bytes of one exchange in both directions as they are sent and received.

    Interim responses (RFC 9110, 15.2) are left out of the response, but never 101, and so is what
    came after the end of the message.
    """

    __slots__ = (
        "_closed",
        "_held",
        "_interims",
        "_pending",
        "_streaming",
        "connection",
        "digest",
        "ending",
        "failure",
        "head",
        "refusal",
        "request",
        "response",
        "started",
    )

    def __init__(self, folder: Path) -> None:
        self.started = now()
        self.request = Block(folder=folder)
        self.response = Block(folder=folder)
        self.digest = ResponseDigest()  #: fed only when the response goes to disk
        self.head: ResponseHead | None = None  #: of the final response, once it came whole
        self.connection: Connection | None = None  #: from the first byte received on
        self.ending: Ending | None = None  #: None: the parser saw no end
        self.refusal: ResponseRefused | None = None  #: the guard cut the response
        self.failure: OSError | None = None  #: the disk that a large block goes to failed
        self._pending: list[bytes] = []
        self._held = 0
        self._interims = False
        self._streaming = False
        self._closed = False

    def feed(self, data: bytes) -> None:
        """Take received bytes. Raises OSError when a large block cannot be written to disk."""
        if self._closed:
            return
        # The piece that came last stays pending: it alone can reach beyond the end of the message.
        if self._held > _BATCH:
            self._settle()
        self._pending.append(data)
        self._held += len(data)

    def end(self, excess: int, ending: Ending) -> None:
        """The parser saw the end of the message, `excess` bytes before the end of what was fed."""
        self.ending = ending
        self._close(excess)

    def close(self) -> None:
        """Take no more; a recording that did not `end` is of a cut exchange."""
        self._close(0)

    def discard(self) -> None:
        """Drop the bytes."""
        self.close()
        self.request.close()
        self.response.close()

    def _close(self, excess: int) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._settle(excess)
            self._keep_cut_head()
        except OSError as error:
            self.failure = error
        self._pending.clear()

    def _settle(self, excess: int = 0) -> None:
        """Move what is pending to the block, once the final head is in it."""
        data = b"".join(self._pending)
        self._pending.clear()
        self._held = 0
        if excess:
            data = data[:-excess]
        if self.head is None and not self.response.size:
            start = final_start(data)
            self._interims = self._interims or start > 0
            data = data[start:] if start else data
            end = head_end(data)
            if end < 0 and len(data) <= HEAD_LIMIT:
                self._pending.append(data)
                return
            if 0 <= end <= HEAD_LIMIT:
                self.head = parse_head(data[:end])
        self._write(data)

    def _keep_cut_head(self) -> None:
        """Store the head that did not come whole, unless it is that of an interim response."""
        data = b"".join(self._pending)
        interim = is_interim(data)
        if data and not interim and not (interim is None and self._interims):
            self._write(data)

    def _write(self, data: bytes) -> None:
        if not self._streaming and self.response.size + len(data) > SPILL:
            self._streaming = True
            for piece in self.response.pieces():
                self.digest.feed(piece)
        if self._streaming:
            self.digest.feed(data)
        self.response.write(data)
