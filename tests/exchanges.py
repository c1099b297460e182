"""Exchanges made by hand, for tests that need no network."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

from archive.block import Block
from archive.http import parse_head
from archive.model import Article, Connection, Exchange, Truncation

STARTED = datetime(2026, 11, 22, 10, 0, 0, 250_000, tzinfo=UTC)
ARTICLE = Article(title="T", text="One paragraph.", quality="thin", extraction_status="ok")
"""What was extracted from a page."""


def response(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """A response message with its Content-Length."""
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def page(text: str = "A page", *, coding: str = "") -> bytes:
    """An HTML response, gzip-coded if asked for."""
    body = f"<html><body><p>{text}</p></body></html>".encode()
    headers = [b"Content-Type: text/html; charset=utf-8"]
    if coding == "gzip":
        body = gzip.compress(body, mtime=0)
        headers.append(b"Content-Encoding: gzip")
    return response(body, *headers)


def exchange(
    url: str = "https://example.org/a?b=1",
    message: bytes | None = None,
    *,
    started: datetime = STARTED,
    truncated: Truncation | None = None,
    source: str = "ondemand",
    connection: Connection | None = None,
    redacted: tuple[str, ...] = (),
    via: str | None = None,
) -> Exchange:
    """An exchange whose response is `message`, as a recorder would make it."""
    block = page() if message is None else message
    head = parse_head(block)
    return Exchange(
        url=url,
        method="GET",
        started=started,
        request=Block(f"GET {url} HTTP/1.1\r\nHost: example.org\r\n\r\n".encode()),
        response=Block(block),
        head_length=head.length,
        status=head.status,
        mime=head.mime,
        connection=connection or Connection(ip="192.0.2.7"),
        truncated=truncated,
        source=source,
        redacted=redacted,
        via=via,
    )
