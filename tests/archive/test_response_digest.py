from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from archive.block import Block
from archive.digests import EMPTY
from archive.model import Exchange
from archive.response_digest import HEAD_LIMIT, ResponseDigest
from archive.timestamps import now


def sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digested(block: bytes, step: int) -> ResponseDigest:
    digest = ResponseDigest()
    for at in range(0, len(block), step):
        digest.feed(block[at : at + step])
    return digest


@given(st.binary(max_size=300), st.integers(1, 100))
def test_identity(body: bytes, step: int) -> None:
    block = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + body
    digest = digested(block, step)
    assert (digest.block, digest.payload, digest.size) == (sha(block), sha(body), len(block))


@given(st.binary(max_size=300), st.integers(1, 100), st.integers(1, 40))
def test_chunked(body: bytes, step: int, size: int) -> None:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + coded
    digest = digested(block, step)
    assert (digest.block, digest.payload) == (sha(block), sha(body))


def test_a_block_without_a_whole_head_has_no_payload() -> None:
    assert digested(b"HTTP/1.1 200 OK\r\nX: y", 5).payload == EMPTY
    endless = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (HEAD_LIMIT // 6 + 1)
    digest = digested(endless + b"\r\nbody", 1 << 16)
    assert digest.payload == EMPTY
    assert digest.block == sha(endless + b"\r\nbody")


def test_an_exchange_reads_its_block_once() -> None:
    block = Block(b"HTTP/1.1 200 OK\r\n\r\nbody")
    exchange = Exchange(
        url="http://h/",
        method="GET",
        started=now(),
        request=Block(),
        response=block,
        head_length=19,
        status=200,
        mime="unk",
    )
    assert exchange.payload_digest() == sha(b"body")
    block.close()
    assert exchange.block_digest() == sha(b"HTTP/1.1 200 OK\r\n\r\nbody")
    assert exchange.payload_digest() == sha(b"body")
