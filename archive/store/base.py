"""The object store: what archive needs of a folder, an S3 bucket or memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from archive.errors import KeyInvalid

_KEY = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*")
_KEY_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """What a store says of one object."""

    key: str  #: relative to the collection, e.g. "warc/2026/11/22/NAME.warc.gz"
    size: int  #: bytes
    sha256: str | None  #: 64 hex digits noted when it was written; None where the store keeps none


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a store was seen to do, by trying (never by what it says)."""

    create_only: bool  #: of eight racing conditional writes of one key exactly one won
    ranged_reads: bool  #: a ranged read answers the range and nothing else


class Store(Protocol):
    """Objects are created and read, never changed. Keys: `check_key`. Thread-safe. Raises StoreError.

    Every implementation passes tests/archive/store/conformance.py.
    """

    uri: str
    """As configured: an absolute folder as file:///..., s3://bucket/prefix, or memory:"""

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """Create the object from bytes or a file, durably, and check what the store then holds.

        Raises KeyTaken when the key exists with other bytes; equal bytes count as success (an own
        retry whose first answer was lost). Raises ObjectDamaged when the store's copy differs.
        """
        ...

    def get(self, key: str) -> bytes:
        """The whole object. Raises KeyMissing."""
        ...

    def read(self, key: str, offset: int, length: int) -> bytes:
        """One ranged request; fewer bytes where the object ends before. Raises KeyMissing."""
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """The whole object in pieces of about 1 MiB. Raises KeyMissing."""
        ...

    def head(self, key: str) -> StoredObject:
        """Raises KeyMissing."""
        ...

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """Objects whose keys begin with `prefix`, in bytewise order of keys; sha256 may be None."""
        ...

    def check(self) -> None:
        """Raise BucketMissing, AccessDenied or StoreUnavailable when the store cannot be used now."""
        ...

    def probe(self) -> Capabilities:
        """Try what the store can do, on scratch keys under "probe/" that it removes afterwards."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def check_key(key: str) -> str:
    """The key itself. Raises KeyInvalid unless it is lower-case segments of `[a-z0-9._-]` joined by
    single slashes, none of them beginning with a dot, at most 200 bytes: what every store holds."""
    if not _KEY.fullmatch(key) or len(key) > _KEY_BYTES:
        raise KeyInvalid(f"{key!r} is not a key that every store can hold", key)
    return key
