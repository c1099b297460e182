"""What is to be stored: bytes or a file, and the digests that are computed before it is sent."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.errors import StoreError

PIECE = 1 << 20
"""Bytes that are read or handed over at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The source of one object, with its size and digest."""

    source: bytes | Path
    size: int  #: bytes
    sha256: str  #: 64 hex digits

    @classmethod
    def of(cls, source: bytes | Path) -> Content:
        """Reads the source once. Raises StoreError when it cannot be read."""
        digest, size = hashlib.sha256(), 0
        with reading(source) as file:
            for piece in pieces(file):
                digest.update(piece)
                size += len(piece)
        return cls(source=source, size=size, sha256=digest.hexdigest())


def pieces(file: BinaryIO, most: int | None = None) -> Iterator[bytes]:
    """What is left of the file, or its next `most` bytes, 1 MiB at a time."""
    while piece := file.read(PIECE if most is None else min(PIECE, most)):
        if most is not None:
            most -= len(piece)
        yield piece


@contextmanager
def reading(source: bytes | Path) -> Iterator[BinaryIO]:
    """The source opened for reading. Raises StoreError when the file cannot be opened or read.

    An OSError of the body is taken for one of the file: a body that writes elsewhere turns its own
    errors into StoreErrors first.
    """
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        with source.open("rb") as file:
            yield file
    except OSError as error:
        raise StoreError(
            f"cannot read {source}, which was to be stored: {error}; "
            "check its permissions and its disk"
        ) from error
