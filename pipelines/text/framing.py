"""Messages between the pool and its workers: a length of four bytes, big endian, then the bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from archive.model import Article
from pipelines.extraction.page import RawPage

PREFIX = 4
"""Bytes of the length before each message."""

READY = b"ready"
"""What a worker sends once, when it has imported everything."""


def frame(message: bytes) -> bytes:
    """The message with its length before it."""
    return len(message).to_bytes(PREFIX, "big") + message


def pack_page(page: RawPage) -> tuple[bytes, bytes]:
    """A page as two messages: what is known of it as JSON, and its body."""
    head = {"url": page.url, "content_type": page.content_type, "status": page.status}
    return json.dumps(head).encode(), page.body


def unpack_page(head: bytes, body: bytes) -> RawPage:
    """The inverse of `pack_page`."""
    return RawPage(**json.loads(head), body=body)


def pack_article(article: Article, detail: str | None = None) -> bytes:
    """An article, and for one that failed why, as one message of JSON; lone surrogates survive."""
    return json.dumps({"article": asdict(article), "detail": detail}).encode()


def unpack_article(message: bytes) -> tuple[Article, str | None]:
    """The inverse of `pack_article`."""
    answer: dict[str, Any] = json.loads(message)
    fields = answer["article"]
    tuples = {name: tuple(fields[name]) for name in ("authors", "tags")}
    return Article(**{**fields, **tuples}), answer["detail"]
