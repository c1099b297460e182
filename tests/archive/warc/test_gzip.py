"""Members: one a record, found again at the byte, and damage named where it is."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import RecordError
from archive.warc.gzip import member, members

_WITHOUT_IGZIP = """
import sys, zlib
sys.modules["isal"] = None
import pytest
from archive.warc import gzip
assert gzip._codec is zlib
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-k", "not igzip", sys.argv[1]]))
"""


def _member(data: bytes) -> bytes:
    return b"".join(member([data]))


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=6))
def test_members_are_found_at_their_places(contents: list[bytes]) -> None:
    compressed = [_member(content) for content in contents]
    assert gzip.decompress(b"".join(compressed)) == b"".join(contents)


def test_offsets_and_lengths(tmp_path: Path) -> None:
    contents = [b"one" * 10, b"", b"three" * 200_000, b"four"]
    path = tmp_path / "x.gz"
    path.write_bytes(b"".join(map(_member, contents)))
    found = list(members(path))
    assert [content for _, _, content in found] == contents
    whole = path.read_bytes()
    for offset, length, content in found:
        assert gzip.decompress(whole[offset : offset + length]) == content
    assert sum(length for _, length, _ in found) == len(whole)


@pytest.mark.parametrize("cut", [1, 5, 11, 30])
def test_cut_member_is_named_after_whole_ones_were_given(tmp_path: Path, cut: int) -> None:
    first = _member(b"first")
    path = tmp_path / "x.gz"
    path.write_bytes(first + _member(bytes(range(256)) * 20)[:cut])
    found = members(path)
    assert next(found)[2] == b"first"
    with pytest.raises(RecordError, match=str(len(first))):
        next(found)


@pytest.mark.parametrize("junk", [b"junk", b"\0" * 40, b"\x1f\x8b\x08junkjunkjunkjunk"])
def test_what_is_no_member_is_an_error(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(_member(b"first") + junk)
    with pytest.raises(RecordError):
        list(members(path))


def test_all_of_it_holds_without_igzip() -> None:
    """As on machines that there is no wheel of it for."""
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_IGZIP, __file__],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
