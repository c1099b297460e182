"""SHA-256 of a response block and of the payload in it, in one pass over the bytes."""

from __future__ import annotations

import hashlib

from archive.codings import Dechunker
from archive.digests import label
from archive.http import head_end, parse_head

HEAD_LIMIT = 1 << 20
"""Bytes in which a head must end; a block without one has an empty payload."""


class ResponseDigest:
    """Fed with a response block from its first byte on, in pieces of any size.

    The payload (WARC/1.1, 2) is what follows the head, with the transfer coding undone and the
    content coding kept; of a cut block, what came. A HEAD, 204 or 304 response has none.
    """

    __slots__ = ("_block", "_dechunker", "_head", "_payload", "size")

    def __init__(self) -> None:
        self._block = hashlib.sha256()
        self._payload = hashlib.sha256()
        self._head: bytearray | None = bytearray()
        self._dechunker: Dechunker | None = None
        self.size = 0  #: bytes fed so far

    def feed(self, data: bytes) -> None:
        """Take the next piece of the block."""
        self.size += len(data)
        self._block.update(data)
        if self._head is not None:
            data = self._past_head(self._head, data)
        if data:
            self._payload.update(self._dechunker.feed(data) if self._dechunker else data)

    def _past_head(self, head: bytearray, data: bytes) -> bytes:
        """What of `data` lies behind the head, which `head` collects until it is whole."""
        searched = max(0, len(head) - 3)
        collected = len(head)
        head += data
        end = head_end(head, searched)
        if end > HEAD_LIMIT or (end < 0 and len(head) > HEAD_LIMIT):
            # No head any more; bytes that cannot be told from it are no payload.
            self._dechunker, self._head = Dechunker(), None
            self._dechunker.broken = True
            return b""
        if end < 0:
            return b""
        self._head = None
        # Most heads are not worth parsing for this.
        if b"chunked" in head.lower() and parse_head(bytes(head[:end])).chunked:
            self._dechunker = Dechunker()
        return data[end - collected :]

    @property
    def block(self) -> str:
        """`sha256:<hex>` of all that was fed."""
        return label(self._block)

    @property
    def payload(self) -> str:
        """`sha256:<hex>` of the payload in what was fed."""
        return label(self._payload)
