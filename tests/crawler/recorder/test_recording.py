from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.block import SPILL
from crawler.recorder.recording import Recording

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: <s>\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def recorded(stream: bytes, cuts: list[int], *, excess: int = 0, whole: bool = True) -> Recording:
    """A recording of the stream, fed in pieces that begin at the cuts."""
    recording = Recording(Path("/nonexistent"))
    # What lies beyond the end of a message arrives with its last byte, or is never seen.
    end = len(stream) - excess
    starts = sorted({0, *(cut for cut in cuts if 0 < cut < end)})
    for start, stop in zip(starts, [*starts[1:], len(stream)], strict=True):
        recording.feed(stream[start:stop])
    if whole:
        recording.end(excess, "boundary")
    else:
        recording.close()
    return recording


@given(
    st.integers(0, 3),
    st.binary(max_size=300),
    st.binary(max_size=20),
    st.lists(st.integers(0, 500)),
)
def test_the_block_does_not_depend_on_how_the_stream_is_cut(
    hints: int, body: bytes, excess: bytes, cuts: list[int]
) -> None:
    stream = HINT * hints + HEAD + body + excess
    recording = recorded(stream, cuts, excess=len(excess))
    assert bytes(recording.response) == HEAD + body
    assert recording.head is not None
    assert (recording.head.status, recording.head.length) == (200, len(HEAD))


@pytest.mark.parametrize(
    ("stream", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\nX: y", True),
        (b"HTTP/1", True),
        (b"garbage", True),
        (HINT + b"HTTP/1.1 2", True),
        (HINT + b"HTTP/1.1 10", False),
        (HINT + b"HTTP/1.1", False),
        (b"HTTP/1.1 103 Early", False),
        (HINT, False),
        (b"", False),
    ],
)
def test_a_cut_head_is_kept_unless_it_may_be_of_an_interim_response(
    stream: bytes, kept: bool
) -> None:
    recording = recorded(stream, [], whole=False)
    assert bytes(recording.response) == (stream.removeprefix(HINT) if kept else b"")
    assert recording.head is None
    assert recording.ending is None


def test_a_large_block_is_on_disk_and_its_digest_is_ready(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    pieces = [HINT + HEAD, *(bytes([n]) * 70_000 for n in range(40)), b"tail, excess"]
    for piece in pieces:
        recording.feed(piece)
    recording.end(len(b", excess"), "boundary")
    block = b"".join(pieces)[len(HINT) : -len(b", excess")]
    assert bytes(recording.response) == block
    assert recording.response.spilled
    assert recording.digest.size == len(block)
    assert recording.digest.block == "sha256:" + hashlib.sha256(block).hexdigest()
    body = block[len(HEAD) :]
    assert recording.digest.payload == "sha256:" + hashlib.sha256(body).hexdigest()
    recording.discard()


def test_nothing_is_taken_after_the_end() -> None:
    recording = recorded(HEAD, [])
    recording.feed(b"more")
    recording.close()
    assert bytes(recording.response) == HEAD
    assert recording.ending == "boundary"


def test_a_disk_that_fails_at_the_end_is_noted() -> None:
    recording = Recording(Path("/nonexistent"))
    recording.feed(HEAD)
    recording.feed(b"x" * (SPILL + 1))
    recording.end(0, "boundary")
    assert isinstance(recording.failure, OSError)


def test_a_disk_that_fails_in_the_middle_is_told_at_once() -> None:
    recording = Recording(Path("/nonexistent"))
    recording.feed(HEAD)
    recording.feed(b"x" * (SPILL + 1))
    with pytest.raises(OSError, match="nonexistent"):
        recording.feed(b"x")
