"""MemoryStore: objects in a dictionary, for tests and trials; gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from archive.store.base import (
    Capabilities,
    StoredObject,
    check_key,
    check_prefix,
    check_range,
)
from archive.store.content import PIECE, Content, reading
from archive.store.refusals import key_missing, key_taken


class MemoryStore:
    """Every instance is a store of its own."""

    def __init__(self) -> None:
        self.uri = "memory:"
        self._objects: dict[str, tuple[bytes, StoredObject]] = {}
        self._lock = threading.Lock()

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store."""
        check_key(key)
        with reading(source) as file:
            data = file.read()
        content = Content.of(data)
        stored = StoredObject(key=key, size=content.size, sha256=content.sha256)
        with self._lock:
            _, held = self._objects.setdefault(key, (data, stored))
        if held != stored:
            raise key_taken(self.uri, key)
        return stored

    def put_right(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store."""
        with self._lock:
            self._objects.pop(check_key(key), None)
        return self.put_new(key, source)

    def get(self, key: str) -> bytes:
        """See Store."""
        return self._find(key)[0]

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See Store."""
        check_range(offset, length)
        return self._find(key)[0][offset : offset + length]

    def stream(self, key: str) -> Iterator[bytes]:
        """See Store."""
        data, _ = self._find(key)
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

    def head(self, key: str) -> StoredObject:
        """See Store."""
        return self._find(key)[1]

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See Store."""
        check_prefix(prefix)
        with self._lock:
            keys = sorted(key for key in self._objects if key.startswith(prefix))
        return (self._find(key)[1] for key in keys if key > start_after)

    def check(self, *, writing: bool = True) -> None:
        """See Store."""

    def probe(self) -> Capabilities:
        """See Store."""
        return Capabilities(
            create_only=True, ranged_reads=True, notes_digests=True, checks_arrivals=True
        )

    def close(self) -> None:
        """See Store."""

    def _find(self, key: str) -> tuple[bytes, StoredObject]:
        check_key(key)
        with self._lock:
            if key not in self._objects:
                raise key_missing(self.uri, key)
            return self._objects[key]
