from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.http import final_start, head_end, is_interim, parse_head

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: <s>\r\n\r\n"

names = st.text("abcXYZ-", min_size=1).map(str.encode)
values = st.text(st.characters(codec="latin-1", categories=["L", "N"])).map(
    lambda text: text.encode("latin-1")
)


@given(st.integers(100, 999), st.lists(st.tuples(names, values)), st.sampled_from([b"\r\n", b"\n"]))
def test_reads_what_was_written(
    status: int, fields: list[tuple[bytes, bytes]], line_end: bytes
) -> None:
    lines = [b"HTTP/1.1 %d Reason" % status, *(name + b": " + value for name, value in fields)]
    data = line_end.join([*lines, b"", b""])
    head = parse_head(data + b"body\r\n\r\nmore")
    assert (head.status, head.reason, head.length) == (status, b"Reason", len(data))
    assert head.headers == tuple((name, value.strip()) for name, value in fields)


@given(st.binary())
def test_reads_anything(data: bytes) -> None:
    head = parse_head(data)
    assert 0 <= head.length <= len(data)
    assert 0 <= final_start(data) <= len(data)


def test_oddities() -> None:
    head = parse_head(
        b'HTTP/1.1 200 Oll Korrekt!\r\nX-oDd:   padded \t\r\nno colon here\r\nETag:"abc"\r\n'
        b"X-Fold: a\r\n b\r\nX-Dup: 1, 2\r\nx-dup: 3\r\n\r\n"
    )
    assert head.reason == b"Oll Korrekt!"
    assert head.get(b"x-odd") == b"padded"
    assert head.get(b"etag") == b'"abc"'
    assert head.get(b"x-fold") == b"a b"
    assert head.get(b"missing") is None
    assert head.tokens(b"x-dup") == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        (b"HTTP/1.1 200", 200, b""),
        (b"HTTP/1.0 404 ", 404, b""),
        (b"HTTP/2 301 x", 301, b"x"),
        (b"http/1.1 200 ok", 200, b"ok"),
        (b"ICY 200 OK", 0, b""),
        (b"HTTP/1.1 20", 0, b""),
        (b"", 0, b""),
    ],
)
def test_status_line(line: bytes, status: int, reason: bytes) -> None:
    head = parse_head(line + b"\r\n\r\n")
    assert (head.status, head.reason) == (status, reason)


@pytest.mark.parametrize(
    ("value", "mime"),
    [
        (b"Text/HTML; charset=x", "text/html"),
        (b"application/rss+xml", "application/rss+xml"),
        (b"", "unk"),
        (b"html", "unk"),
        (b"a b/c", "unk"),
        (b"text/html\x0bx", "unk"),
    ],
)
def test_mime(value: bytes, mime: str) -> None:
    assert parse_head(b"HTTP/1.1 200 OK\r\nContent-Type: " + value + b"\r\n\r\n").mime == mime


@pytest.mark.parametrize(
    ("value", "chunked"),
    [(b"chunked", True), (b"gzip, Chunked", True), (b"chunked, gzip", False), (b"x", False)],
)
def test_chunked(value: bytes, chunked: bool) -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + b"\r\n\r\n")
    assert head.chunked == chunked


def test_head_end_may_be_searched_piece_by_piece() -> None:
    data = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody"
    for size in range(len(data)):
        if head_end(data[:size]) >= 0:
            break
        assert head_end(data, max(0, size - 3)) == data.index(b"body")
    assert head_end(b"HTTP/1.1 200 OK\n\nx") == 17
    assert head_end(b"HTTP/1.1 200 OK\r\n\r\r\n") == -1


@pytest.mark.parametrize(
    ("data", "interim"),
    [
        (b"HTTP/1.1 100 Continue", True),
        (b"HTTP/1.1 103", True),
        (b"HTTP/1.1 1", True),
        (b"HTTP/1.1 101 Switching", False),
        (b"HTTP/1.1 200", False),
        (b"HTTP/1.1 2", False),
        (b"HTTP/1.1 ", None),
        (b"HTT", None),
        (b"", None),
        (b"garbage 100", None),
    ],
)
def test_interim(data: bytes, interim: bool | None) -> None:
    assert is_interim(data) is interim
    assert is_interim(b"xx" + data, 2) is interim


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (HINT * 3 + b"HTTP/1.1 200 OK\r\n", len(HINT) * 3),
        (HINT + b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + HINT, len(HINT)),
        (HINT + HINT[:20], len(HINT)),
        (HINT, len(HINT)),
        (b"HTTP/1.1 200 OK\r\n\r\n" + HINT, 0),
        (b"", 0),
    ],
)
def test_final_start(data: bytes, start: int) -> None:
    assert final_start(data) == start
