"""A server over a collection with something of everything, for tests that only read it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from archive.model import Article, Connection, Exchange
from archive.web.following import Followed
from tests.archive.web.serving import Served, served, stored_site
from tests.exchanges import STARTED, exchange, page, response
from tests.keeping import place

NEWS = "https://news.example.org/night-shifts?id=1&b=%2F"
FRONT = "https://news.example.org/"
MOVED = "http://news.example.org/old"
FOLLOWED = (
    Followed(
        name="courier",
        seeds=("https://news.example.org/",),
        feeds=("https://news.example.org/feed",),
        schedule="every 2h",
    ),
    Followed(name="herald", seeds=("https://herald.example.org/",)),
)
CONNECTION = Connection(
    ip="192.0.2.7",
    tls_version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    certificates=(b"certificate",),
    verified=False,
    verification="self-signed",
)


def article(text: str, title: str = "Night shifts", language: str = "en") -> Article:
    """An article with an author, of the 20th of November."""
    return Article(
        title=title,
        authors=("Ana Lim",),
        published="2026-11-20T08:00:00Z",
        language=language,
        text=text,
        quality="article" if len(text) > 40 else "thin",
        extraction_status="ok",
        extractor="test 1",
    )


ARTICLES: list[tuple[str, int, Article]] = [
    (NEWS, 0, article("Workers at the factory <b>object</b> to night shifts.\nA second one.")),
    (NEWS, 7200, article("Workers at the factory object to all night shifts.\nA second one.")),
    ("https://news.example.org/zh", 60, article("公司供应链中的工人权利受到侵犯", "供应链", "zh")),
    (FRONT, 10, article("The front page.", "Courier")),
    ("https://news.example.org/short", 120, article("A short factory.", "Short")),
]
"""URL, seconds after STARTED, and what stands there."""

OTHERS: list[tuple[str, int, bytes]] = [
    (NEWS, 10800, response(b"gone", b"Content-Type: text/html", status=b"404 Not Found")),
    (MOVED, 0, response(b"", f"Location: {NEWS}".encode(), status=b"301 Moved Permanently")),
    ("https://news.example.org/logo.png", 30, response(b"\x89PNG", b"Content-Type: image/png")),
    ("https://news.example.org/feed", 45, response(b"", status=b"503 Service Unavailable")),
]


def _exchange(url: str, seconds: int, message: bytes) -> Exchange:
    return exchange(
        url,
        message,
        started=STARTED + timedelta(seconds=seconds),
        source="courier",
        connection=CONNECTION,
    )


def fill(home: Path) -> None:
    """A collection in a folder of the home, and its index there."""

    async def main() -> None:
        async with place(home) as here:
            for url, seconds, found in ARTICLES:
                made = _exchange(url, seconds, page(found.text))
                (capture,) = await here.writer.keep("courier", [made])
                await here.writer.add(capture, found)
            others = [_exchange(*other) for other in OTHERS]
            await here.writer.keep("courier", others)
            await here.writer.seal()
            assert await here.drain()

    asyncio.run(main())


@contextmanager
def filled(home: Path) -> Iterator[Served]:
    """A server over such a collection in a folder that is empty yet."""
    fill(home)
    with stored_site(home, sources=FOLLOWED) as site, served(site) as running:
        yield running


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server, for tests that only read."""
    with filled(tmp_path_factory.mktemp("home")) as running:
        yield running
