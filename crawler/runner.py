"""Running spiders inside a session: settings from the configuration, stopping when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from crawler.reactor import Interruption
from crawler.session import Session, record
from pipelines.recording import Recording

_GRACE = 10.0
"""Seconds that requests in flight get to finish after an interruption."""


class Runner:
    """Runs crawls one after the other or side by side; an interruption ends all of them."""

    def __init__(self, session: Session, interruption: Interruption) -> None:
        self.session = session
        self.interruption = interruption
        self._settings = Settings()
        self._settings.setmodule("config.settings", priority="project")
        self._runner = AsyncCrawlerRunner(self._settings)

    async def crawl(
        self,
        spider: type[Spider],
        recording: Recording,
        settings: Mapping[str, Any],
        *,
        on_item: Callable[[Any], None],
        arguments: Mapping[str, Any],
    ) -> Crawler:
        """Run one spider to its end; its crawler, for stats and what the spider holds.

        A write that failed has ended the crawl early and is in `session.writer.failure`. After an
        interruption requests in flight get 10 s to finish.
        """
        own = self._settings.copy()
        for name, value in settings.items():
            # Above the settings module and the spider's own, as the command line is.
            own.set(name, value, priority="cmdline")
        crawler = Crawler(spider, own)
        record(crawler, recording)
        crawler.signals.connect(on_item, signal=signals.item_scraped, weak=False)
        crawl = self._runner.crawl(crawler, **arguments)
        await finish(crawl, crawler, self.interruption)
        return crawler


async def finish(crawl: asyncio.Task[None], crawler: Crawler, interruption: Interruption) -> None:
    """Wait for the end of a crawl; after an interruption stop it, and wait 10 s at the most."""
    interrupted: asyncio.Future[Any] = asyncio.ensure_future(interruption.once.wait())
    await asyncio.wait({crawl, interrupted}, return_when=asyncio.FIRST_COMPLETED)
    interrupted.cancel()
    if not crawl.done():
        stopping = asyncio.ensure_future(crawler.stop_async())
        twice: asyncio.Future[Any] = asyncio.ensure_future(interruption.twice.wait())
        await asyncio.wait({crawl, twice}, timeout=_GRACE, return_when=asyncio.FIRST_COMPLETED)
        twice.cancel()
        if stopping.done():
            stopping.result()
    if crawl.done():
        crawl.result()
