from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from archive.block import SPILL, Block
from crawler.recorder.redaction import Redactor

REQUEST = (
    b"POST /?key=s3cret HTTP/1.1\r\nHost: x\r\nX-Key: a s3cret b\r\nCookie: c=1\r\n"
    b"proxy-authorization: Basic eHg=\r\n\r\nX-Key: s3cret"
)
STORED = REQUEST.replace(b"a s3cret b", b"[redacted]").replace(b"Basic eHg=", b"[redacted]")


def test_withholds_whole_values_of_fields_alone(tmp_path: Path) -> None:
    block, names = Redactor(["s3cret", ""]).redact(Block(REQUEST), tmp_path)
    assert bytes(block) == STORED
    assert names == ("X-Key", "proxy-authorization")


def test_keeps_everything_when_told_so(tmp_path: Path) -> None:
    request = Block(REQUEST)
    assert Redactor(["s3cret"], keep=True).redact(request, tmp_path) == (request, ())


def test_leaves_a_request_alone_that_only_has_the_secret_elsewhere(tmp_path: Path) -> None:
    request = Block(b"GET /s3cret HTTP/1.1\r\nHost: x\r\n\r\ns3cret")
    assert Redactor(["s3cret"]).redact(request, tmp_path) == (request, ())


def test_a_body_on_disk_follows_the_new_head(tmp_path: Path) -> None:
    request = Block(folder=tmp_path)
    body = b"b" * (SPILL + 10)
    request.write(REQUEST)
    request.write(body)
    block, _ = Redactor(["s3cret"]).redact(request, tmp_path)
    assert bytes(block) == STORED + body
    assert block.spilled
    block.close()


@given(st.text(min_size=1), st.text(), st.text())
def test_no_value_with_the_secret_is_left(secret: str, before: str, after: str) -> None:
    value = (before + secret + after).encode().replace(b"\r", b"").replace(b"\n", b"")
    request = b"GET / HTTP/1.1\r\nX-Any: " + value + b"\r\n\r\n"
    block, names = Redactor([secret]).redact(Block(request), Path())
    assert (secret.encode() in value) == (names == ("X-Any",))
    if names:
        assert bytes(block) == b"GET / HTTP/1.1\r\nX-Any: [redacted]\r\n\r\n"


def test_secret_is_found_in_either_encoding(tmp_path: Path) -> None:
    """Header values are sent as Latin-1; what another client writes is often UTF-8."""
    for encoding in ("latin-1", "utf-8"):
        request = Block("GET / HTTP/1.1\r\nX-Key: clé-secrète\r\n\r\n".encode(encoding))
        block, names = Redactor(["clé-secrète"]).redact(request, tmp_path)
        assert bytes(block) == b"GET / HTTP/1.1\r\nX-Key: [redacted]\r\n\r\n"
        assert names == ("X-Key",)
