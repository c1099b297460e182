"""One object of the store as it comes, its size and digest taken on the way."""

from __future__ import annotations

import hashlib

from archive.errors import ObjectDamaged
from archive.store.base import Store


class Fetch:
    """Reads an object once, from its beginning. Every method raises StoreError."""

    def __init__(self, store: Store, key: str) -> None:
        """Raises KeyMissing."""
        self._pieces = store.stream(key)
        self._digest = hashlib.sha256()
        self.size = 0  #: bytes that were read
        self.noticed = False  #: whether the store itself found them to be other than were sent
        self._rest = self._next()

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        if not self._rest:
            self._rest = self._next()
        taken, self._rest = self._rest[:most], self._rest[most:]
        self._digest.update(taken)
        self.size += len(taken)
        return taken

    def take(self, length: int) -> bytes:
        """The next `length` bytes; fewer at the end."""
        pieces = []
        while length > 0 and (piece := self.read(length)):
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def sha256(self) -> str:
        """Hex, over the whole object: reads what is left of it."""
        while self.read(1 << 20):
            pass
        return self._digest.hexdigest()

    def _next(self) -> bytes:
        """The next piece that is not empty; empty at the end."""
        try:
            return next(filter(None, self._pieces), b"")
        except ObjectDamaged:
            # All bytes have come before it says so.
            self.noticed = True
            return b""
