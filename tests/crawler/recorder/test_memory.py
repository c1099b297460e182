"""What recording costs in memory, beside Scrapy alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crawler.recorder.harness import crawl
from tests.servers.wire import Wire, WireServer

MIB = 1 << 20


async def _large(wire: Wire) -> None:
    while await wire.request():
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (50 * MIB))
        for number in range(50):
            wire.writer.write(bytes([number]) * MIB)
            await wire.writer.drain()


@pytest.mark.slow
def test_four_large_bodies_at_once(tmp_path: Path) -> None:
    settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": 4, "LOG_LEVEL": "ERROR"}
    with WireServer(_large) as server:
        urls = [f"{server.url}/{number}" for number in range(4)]
        bare = crawl(tmp_path / "bare", urls, settings=settings, bare=True)
        recorded = crawl(tmp_path / "recorded", urls, settings=settings)
    assert [kept["spilled"] for kept in recorded.exchanges] == [True] * 4
    assert recorded.peak <= 1.3 * bare.peak
