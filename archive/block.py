"""Block: bytes that arrive piece by piece, kept in memory while few and on disk when many."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

SPILL = 1 << 20
"""Bytes that a block holds in memory before it goes to a temporary file."""

_PIECE = 1 << 20


class Block:
    """An append-only run of bytes.

    Up to `SPILL` bytes it keeps references to the pieces that it was given; beyond that they go to
    an unnamed temporary file in `folder`. OSError from that file passes through `write`.
    """

    __slots__ = ("_file", "_folder", "_pieces", "size")

    def __init__(self, data: bytes = b"", *, folder: Path | None = None) -> None:
        self._pieces: list[bytes] = [data] if data else []
        self._file: BinaryIO | None = None
        self._folder = folder
        self.size = len(data)  #: bytes written so far

    def write(self, data: bytes) -> None:
        """Append; raises OSError when the disk that a large block goes to is full."""
        if self._file is not None:
            self._file.write(data)
        else:
            self._pieces.append(data)
        self.size += len(data)
        if self._file is None and self.size > SPILL:
            self._spill()

    def _spill(self) -> None:
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 (open until `close`)
        try:
            file.writelines(self._pieces)
        except OSError:
            file.close()
            raise
        self._file = file
        self._pieces = []

    @property
    def spilled(self) -> bool:
        """Whether the bytes are on disk."""
        return self._file is not None

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the beginning, in pieces of at most 1 MiB once they are on disk."""
        if self._file is None:
            yield from self._pieces
            return
        self._file.flush()
        at = 0
        # Not by the file's position, which is where appending goes on.
        while piece := os.pread(self._file.fileno(), _PIECE, at):
            yield piece
            at += len(piece)

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces())

    def close(self) -> None:
        """Drop the bytes and the temporary file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._pieces = []
