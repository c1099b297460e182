"""A file of gzip members that grows by groups; a group that failed can be taken back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from archive.files import sync_folder
from archive.warc.gzip import member

OPEN = ".open"
"""Ending of a file that is still written to."""

_PENDING = 1 << 20
"""Bytes that are collected before they are handed to the operating system."""


class MemberFile:
    """`NAME.open` in a spool folder; `seal` makes it `NAME`. OSError passes through."""

    def __init__(self, path: Path) -> None:
        self.path = path  #: where the sealed file will lie
        self._open = path.with_name(path.name + OPEN)
        # Unbuffered: what a failed write leaves in a buffer would be written when it is closed.
        self._file = self._open.open("xb", buffering=0)
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._hash = hashlib.sha256()
        self._settled_hash = self._hash.copy()
        self.size = 0  #: bytes written
        self.settled = 0  #: bytes that are durable, indexed, and may have been acknowledged
        sync_folder(path.parent)

    def append(self, pieces: Iterable[bytes]) -> tuple[int, int, str]:
        """Write one member; its `(offset, length, sha256 hex)`."""
        offset, digest = self.size, hashlib.sha256()
        for piece in member(pieces):
            self._write(piece)
            digest.update(piece)
            self.size += len(piece)
        return offset, self.size - offset, digest.hexdigest()

    def sync(self) -> None:
        """Make everything written so far durable."""
        self._flush()
        os.fsync(self._file.fileno())

    def settle(self) -> None:
        """Everything written so far is synced and indexed: it stays."""
        self.settled = self.size
        self._settled_hash = self._hash.copy()

    def take_back(self) -> None:
        """Cut what was written after it was last settled: nobody was told of it."""
        self._pending, self._pending_size = [], 0
        self._file.truncate(self.settled)
        self._file.seek(self.settled)
        self.size = self.settled
        self._hash = self._settled_hash.copy()

    def seal(self) -> str:
        """Sync, rename, sync the folder; sha256 hex of the whole file."""
        self.sync()
        self._file.close()
        self._open.rename(self.path)
        sync_folder(self.path.parent)
        return self._hash.hexdigest()

    def close(self) -> None:
        """Leave the file as it is, for whoever recovers it."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file: nothing in it was promised."""
        self._file.close()
        self._open.unlink()

    def _write(self, piece: bytes) -> None:
        self._pending.append(piece)
        self._pending_size += len(piece)
        if self._pending_size > _PENDING:
            self._flush()

    def _flush(self) -> None:
        data = memoryview(b"".join(self._pending))
        self._hash.update(data)
        self._pending, self._pending_size = [], 0
        while data:
            data = data[self._file.write(data) :]
