"""SHA-256 digests in the form that WARC and CDXJ fields carry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_PIECE = 1 << 20

Hash = Any
"""A hashlib object (typeshed keeps its class private)."""


def sha256(data: bytes) -> str:
    """`sha256:` and 64 lower-case hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def label(digest: Hash) -> str:
    """A finished hashlib SHA-256 object as `sha256:<hex>`."""
    return f"sha256:{digest.hexdigest()}"


def sha256_hex(pieces: Iterable[bytes]) -> str:
    """64 lower-case hexadecimal digits over the concatenated pieces."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def sha256_file(path: Path) -> str:
    """64 lower-case hexadecimal digits over the file. Raises OSError."""
    with path.open("rb") as file:
        return sha256_hex(iter(lambda: file.read(_PIECE), b""))


EMPTY = sha256(b"")
"""Digest of an empty payload."""
