"""The capture that is read from a WARC is the one that was given when it was written."""

from __future__ import annotations

import gzip
import itertools
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.appending import OPEN
from archive.block import Block
from archive.contents import read_contents
from archive.digests import sha256
from archive.errors import DigestMismatch, RecordError
from archive.http import head_end, parse_head
from archive.model import Connection, Exchange
from archive.segment import OpenSegment
from archive.timestamps import to_warc_date
from archive.warc.captures import capture_of, check_payload, payload_of
from archive.warc.reading import Member, read_record
from archive.warc.writing import WarcRecord
from tests.exchanges import STARTED, exchange, response

_number = itertools.count()

_CODINGS = {
    b"": bytes,
    b"gzip": lambda data: gzip.compress(data, mtime=0),
    b"deflate": zlib.compress,
    b"br": bytes,  # what the coding claims is no matter of the capture
}


@st.composite
def _messages(draw: st.DrawFn) -> bytes:
    """Whole responses: any status, any coding, chunked or not."""
    status = draw(st.integers(100, 599))
    coding = draw(st.sampled_from(sorted(_CODINGS)))
    body = _CODINGS[coding](draw(st.binary(max_size=300)))
    fields = draw(
        st.lists(
            st.sampled_from(
                [
                    b"Content-Type: text/html; charset=utf-8",
                    b"content-type: Image/PNG",
                    b"Content-Type: nonsense",
                    b"Set-Cookie: a=1",
                    b"X-Odd: caf\xe9",
                    b"X-Folded: a\r\n b",
                    b"no colon",
                ]
            ),
            max_size=3,
        )
    )
    if coding:
        fields.append(b"Content-Encoding: " + coding)
    if draw(st.booleans()):
        fields.append(b"Transfer-Encoding: chunked")
        body = b"".join(b"%x;x=y\r\n%s\r\n" % (len(body[i : i + 7]), body[i : i + 7])
                        for i in range(0, len(body), 7)) + b"0\r\nTrailer: 1\r\n\r\n"  # fmt: skip
    end = draw(st.sampled_from([b"\r\n", b"\n"]))
    return end.join([b"HTTP/1.1 %d Some Reason" % status, *fields, b"", body])


@st.composite
def _exchanges(draw: st.DrawFn) -> Exchange:
    message = draw(_messages() | st.binary(max_size=200))
    truncated = draw(st.sampled_from([None, "length", "time", "disconnect", "unspecified"]))
    if truncated:
        message = message[: draw(st.integers(0, len(message)))]
    # As the recorder does it: a head that is not whole counts for nothing.
    head = parse_head(message) if head_end(message) >= 0 else None
    path = draw(st.text("abcXYZ019-._~!$&'()*+,;=:@%/?", max_size=20)).replace("%", "%41")
    return Exchange(
        url=f"https://Example.org:8443/{path}",
        method=draw(st.sampled_from(["GET", "HEAD", "POST"])),
        started=STARTED + timedelta(microseconds=draw(st.integers(0, 10**12))),
        request=Block(b"GET / HTTP/1.1\r\n\r\n" + draw(st.binary(max_size=30))),
        response=Block(message),
        head_length=head.length if head else 0,
        status=head.status if head else 0,
        mime=head.mime if head else "unk",
        connection=Connection(
            ip="192.0.2.7",
            certificates=draw(st.sampled_from([(), (b"no certificate at all",)])),
            verified=False,
            verification="a\r\nb",
        ),
        truncated=truncated,  # type: ignore[arg-type] # one of its values
        source="bhrrc",
        job=draw(st.none() | st.just("20261122100500000-klmnopqrst")),
        via=draw(st.none() | st.just("https://example.org/")),
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_exchanges(), min_size=1, max_size=4))
def test_what_is_read_is_what_was_given(tmp_path: Path, exchanges: list[Exchange]) -> None:
    folder = tmp_path / str(next(_number))
    folder.mkdir()
    segment = OpenSegment(folder, "bhrrc")
    given_ = [segment.append(one) for one in exchanges]
    segment.sync()
    segment.close()
    contents = read_contents(folder / f"{segment.filename}{OPEN}", segment.filename)
    assert contents.damage is None
    assert list(contents.captures) == given_
    noted = [entry for entry in contents.entries if entry.type == "response"]
    assert [(e.record, e.offset, e.length, e.url, e.digest) for e in noted] == [
        (c.record_id, c.offset, c.length, c.url, c.digest) for c in given_
    ]


def _member(record: WarcRecord) -> Member:
    data = b"".join(record.pieces())
    return Member(offset=7, length=len(data), record=read_record(data, where="here"))


def _record(kind: str, block: bytes, *fields: tuple[str, str]) -> WarcRecord:
    return WarcRecord(type=kind, fields=fields, block=[block], length=len(block))


URI = ("WARC-Target-URI", "<http://example.org/a>")
DATE = ("WARC-Date", to_warc_date(STARTED))
NAME = "bhrrc-20261122100000250-abcdefghij.warc.gz"


def test_records_of_other_tools() -> None:
    """Angle brackets, an unknown reason of truncation, a digest of another kind, no source."""
    block = response(b"hi", b"Content-Type: text/plain")
    fields = URI, DATE, ("WARC-Truncated", "bored"), ("WARC-Payload-Digest", "sha1:ABC")
    capture = capture_of(_member(_record("response", block, *fields)), NAME)
    assert (capture.url, capture.source) == ("http://example.org/a", "bhrrc")
    assert (capture.truncated, capture.digest) == ("unspecified", sha256(b"hi"))


@pytest.mark.parametrize(
    "fields",
    [(URI,), (DATE,), (("WARC-Target-URI", "dns:example.org"), DATE), (URI, ("WARC-Date", "x"))],
    ids=["no date", "no URL", "another scheme", "odd date"],
)
def test_record_without_a_place_in_the_index_is_our_error(fields: tuple[tuple[str, str]]) -> None:
    with pytest.raises(RecordError, match="at 7"):
        capture_of(_member(_record("response", response(b"hi"), *fields)), NAME)


def test_payload_is_checked_against_what_the_record_names() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    for digest in (sha256(b"hi"), "sha1:ABC"):
        read = _member(_record("response", chunked, URI, DATE, ("WARC-Payload-Digest", digest)))
        assert payload_of(read.record) == b"hi"
        check_payload(read.record)
    wrong = _record("response", chunked, URI, DATE, ("WARC-Payload-Digest", sha256(b"ho")))
    with pytest.raises(DigestMismatch):
        check_payload(_member(wrong).record)


def test_url_without_a_key_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    segment = OpenSegment(tmp_path, "bhrrc")
    size = segment.size
    with pytest.raises(Exception, match="port"):
        segment.append(exchange("http://example.org:99999/"))
    assert segment.size == size
    segment.close()
