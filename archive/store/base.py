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

SCRATCH = "probe/"
"""What the keys of scratch objects begin with: they belong to no collection."""


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
    notes_digests: bool  #: a digest that is sent with an object is told by `head`
    checks_arrivals: bool  #: bytes that changed on their way are refused


class CapabilityMemory(Protocol):
    """Where what a server was seen to do is kept between processes. Raises nothing."""

    def recall(self, endpoint: str, bucket: str) -> Capabilities | None:
        """None: nobody has tried it lately, or nobody remembers."""
        ...

    def remember(self, endpoint: str, bucket: str, seen: Capabilities) -> None:
        """Replaces what was remembered of that bucket."""
        ...


class Store(Protocol):
    """Objects are created and read, never changed. Thread-safe. Keys: `check_key`.

    Whatever fails raises StoreError. All pass the tests of tests/archive/store/conformance.py.
    """

    uri: str
    """As configured: an absolute folder as file:///..., s3://bucket/prefix, or memory:"""

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """Create the object from bytes or a file, durably, and check what the store then holds.

        Raises KeyTaken when the key exists with other bytes; equal bytes count as success (an own
        retry whose first answer was lost). Raises ObjectDamaged when the store's copy differs.
        """
        ...

    def put_right(self, key: str, source: bytes | Path) -> StoredObject:
        """Write over an object whose bytes are not those that its manifest names, and check as
        `put_new` does. For repairs alone: the one change that there is. Raises ObjectDamaged."""
        ...

    def get(self, key: str) -> bytes:
        """The whole object. Raises KeyMissing."""
        ...

    def read(self, key: str, offset: int, length: int) -> bytes:
        """One ranged request; fewer bytes where the object ends before. Raises KeyMissing.

        Raises ValueError when `offset` or `length` is negative.
        """
        ...

    def stream(self, key: str) -> Iterator[bytes]:
        """The whole object in pieces of about 1 MiB. Raises KeyMissing.

        As `get`, it raises ObjectDamaged at the end where the store noted another digest.
        """
        ...

    def head(self, key: str) -> StoredObject:
        """Raises KeyMissing."""
        ...

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """Objects whose keys begin with `prefix`, in bytewise order of keys; sha256 may be None.

        Passes over whatever lies there under a name that is no key. Raises KeyInvalid when no key
        can begin with `prefix`.
        """
        ...

    def check(self, *, writing: bool = True) -> None:
        """Raise BucketMissing, AccessDenied or StoreUnavailable unless it can be used now.

        Without `writing` it need only be readable.
        """
        ...

    def probe(self) -> Capabilities:
        """Try what the store can do, on scratch objects that it removes afterwards.

        The store works by the answer, and remembers it where it was given a CapabilityMemory.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def is_key(name: str) -> bool:
    """Whether `check_key` would let it pass."""
    return len(name) <= _KEY_BYTES and _KEY.fullmatch(name) is not None


def check_key(key: str) -> str:
    """The key itself. Raises KeyInvalid unless it is lower-case segments of `[a-z0-9._-]` joined by
    single slashes, none of them beginning with a dot, at most 200 bytes: what every store holds."""
    if not is_key(key):
        raise KeyInvalid(
            f"{key!r} is not a key that every store can hold: name it in lower case, with no more "
            f"than {_KEY_BYTES} of a-z, 0-9, '.', '_', '-' and single slashes",
            key,
        )
    return key


def check_prefix(prefix: str) -> str:
    """The prefix itself: "" or what a key can begin with. Raises KeyInvalid."""
    if prefix and not is_key(prefix) and not is_key(f"{prefix}0"):
        raise KeyInvalid(f"no key begins with {prefix!r}", prefix)
    return prefix


def check_range(offset: int, length: int) -> None:
    """Raises ValueError unless both are zero or more."""
    if offset < 0 or length < 0:
        raise ValueError(f"no bytes at offset {offset}, length {length}")
