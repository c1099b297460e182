"""Records as bytes: golden, verbatim, and refused where they would break apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.digests import sha256
from archive.model import Connection
from archive.warc.reading import read_record
from archive.warc.writing import (
    FieldError,
    WarcRecord,
    certificate_chain,
    exchange_records,
    header_bytes,
    warcinfo,
)
from tests.exchanges import STARTED, exchange, response

BLOCK = (
    b"HTTP/1.1 200 Totally OK\r\nset-Cookie: a=1\r\nset-Cookie: b=2\r\nContent-Length: 2\r\n\r\nhi"
)
GOLDEN = (
    b"WARC/1.1\r\n"
    b"WARC-Type: response\r\n"
    b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
    b"WARC-Target-URI: https://example.org/a?b=1\r\n"
    b"WARC-Date: 2026-11-22T10:00:00.250000Z\r\n"
    b"WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
    b"WARC-Protocol: http/1.1\r\n"
    b"WARC-IP-Address: 192.0.2.7\r\n"
    b"WARC-Protocol: tls/1.3\r\n"
    b"WARC-Cipher-Suite: TLS_AES_256_GCM_SHA384\r\n"
    b"Pressmark-Source: bhrrc\r\n"
    b"Pressmark-Via: https://example.org/\r\n"
    b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n"
    b"Content-Type: application/http;msgtype=response\r\n"
    b"WARC-Block-Digest: "
    b"sha256:9bbbac7cd613fa22c58fa437af71cf6b2993b16d75620c721a19a2a23a5fe1fc\r\n"
    b"WARC-Payload-Digest: "
    b"sha256:8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4\r\n"
    b"Pressmark-Certificate-Verified: no; self-signed certificate\r\n"
    b"Content-Length: 82\r\n\r\n" + BLOCK + b"\r\n\r\n"
)


def _bytes(record: WarcRecord) -> bytes:
    return b"".join(record.pieces())


def _response(*arguments: object, **options: object) -> WarcRecord:
    made = exchange(*arguments, **options)  # type: ignore[arg-type] # passes through
    return exchange_records(made, warcinfo_id="<urn:uuid:0>", chain_id=None)[1]


def _field(record: WarcRecord, name: str) -> list[str]:
    return [value for key, value in record.fields if key == name]


def test_response_record_is_written_byte_for_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reason phrase, header case and repeated headers survive; nothing is re-serialised."""
    monkeypatch.setattr(
        "archive.warc.writing.new_record_id",
        lambda: "<urn:uuid:00000000-0000-4000-8000-000000000002>",
    )
    connection = Connection(
        ip="192.0.2.7",
        tls_version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        verified=False,
        verification="self-signed certificate",
    )
    made = exchange(
        message=BLOCK, source="bhrrc", connection=connection, via="https://example.org/"
    )
    _, record = exchange_records(
        made, warcinfo_id="<urn:uuid:00000000-0000-4000-8000-000000000000>", chain_id=None
    )
    written = _bytes(record).replace(
        record.record_id.encode(), b"<urn:uuid:00000000-0000-4000-8000-000000000001>"
    )
    assert written == GOLDEN


def test_request_and_response_name_each_other() -> None:
    request, answer = exchange_records(exchange(), warcinfo_id="<urn:uuid:0>", chain_id=None)
    assert _field(request, "WARC-Concurrent-To") == [answer.record_id]
    assert _field(answer, "WARC-Concurrent-To") == [request.record_id]
    assert _field(request, "WARC-Date") == _field(answer, "WARC-Date")


def test_redacted_header_is_named_in_the_request() -> None:
    request, answer = exchange_records(
        exchange(redacted=("Authorization",)), warcinfo_id="<urn:uuid:0>", chain_id=None
    )
    assert _field(request, "Pressmark-Redacted") == ["Authorization"]
    assert not _field(answer, "Pressmark-Redacted")


@pytest.mark.parametrize(
    "message",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nhi",
    ],
    ids=["chunked", "bare LF", "folded", "no colon"],
)
def test_payload_digest_is_left_out_where_validators_hash_other_bytes(message: bytes) -> None:
    assert not _field(_response(message=message), "WARC-Payload-Digest")


def test_truncated_response_says_so_and_has_no_payload_digest() -> None:
    record = _response(truncated="length")
    assert _field(record, "WARC-Truncated") == ["length"]
    assert not _field(record, "WARC-Payload-Digest")


def test_chain_is_stored_in_pem(certificate: bytes) -> None:
    connection = Connection(ip="192.0.2.7", tls_version="TLSv1.3", certificates=(certificate,))
    record = certificate_chain(connection, STARTED, "example.org")
    assert _bytes(record).count(b"-----BEGIN CERTIFICATE-----") == 1
    assert _field(record, "WARC-Block-Digest") == [sha256(b"".join(record.block))]


@pytest.mark.parametrize("bad", ["a\r\nB: 1", "a\nb", "\0", "\x1b[2J", "\u2028", "\x85"])
def test_control_characters_never_reach_a_field(bad: str) -> None:
    with pytest.raises(FieldError):
        header_bytes([("WARC-Target-URI", f"http://example.org/{bad}")])
    with pytest.raises(FieldError):
        header_bytes([(f"X{bad}", "1")])


@given(st.binary(max_size=2000), st.sampled_from([b"200 OK", b"404 Nope", b"302 Found"]))
def test_any_block_comes_back(body: bytes, status: bytes) -> None:
    message = response(body, b"Content-Type: text/html", status=status)
    record = read_record(_bytes(_response(message=message)), where="here")
    assert record.block == message
    assert record.head.status == int(status[:3])
    record.check_block()


def test_warcinfo_names_the_file_and_the_software() -> None:
    written = _bytes(warcinfo("bhrrc-x.warc.gz", STARTED, source="bhrrc"))
    record = read_record(written, where="here")
    assert record.type == "warcinfo"
    assert record.get("WARC-Filename") == "bhrrc-x.warc.gz"
    assert b"software: Pressmark/" in record.block
