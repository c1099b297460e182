from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.block import SPILL, Block


@given(st.lists(st.binary(max_size=100)))
def test_is_what_was_written(pieces: list[bytes]) -> None:
    block = Block()
    for piece in pieces:
        block.write(piece)
    assert bytes(block) == b"".join(pieces)
    assert block.size == len(bytes(block))
    assert not block.spilled


def test_goes_to_disk_beyond_the_limit_and_can_be_read_between_writes(tmp_path: Path) -> None:
    block = Block(b"a" * SPILL, folder=tmp_path)
    assert not block.spilled
    block.write(b"b")
    assert block.spilled
    pieces = block.pieces()
    assert next(pieces)[:1] == b"a"
    block.write(b"c" * SPILL)
    assert bytes(block) == b"a" * SPILL + b"b" + b"c" * SPILL
    assert block.size == 2 * SPILL + 1
    assert max(len(piece) for piece in block.pieces()) <= 1 << 20
    assert list(tmp_path.iterdir()) == []  # the file has no name, so that a crash leaves none
    block.close()


def test_a_folder_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    block = Block(folder=tmp_path / "missing")
    block.write(b"x" * SPILL)
    with pytest.raises(OSError, match="missing"):
        block.write(b"x")


def test_is_empty_when_closed() -> None:
    block = Block(b"x")
    block.close()
    assert bytes(block) == b""
