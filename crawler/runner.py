"""Running spiders inside a session: settings from the configuration, stopping when asked to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings
from scrapy.utils.log import configure_logging

from config.schema import Configuration, SourceDefaults
from crawler.reactor import Interruption
from crawler.session import Session
from pipelines.recording import Recording, attach

_GRACE = 10.0
"""Seconds that requests in flight get to finish after an interruption."""


def scrapy_settings(configuration: Configuration, source: SourceDefaults) -> dict[str, Any]:
    """The Scrapy settings that a configuration stands for, for one source."""
    return {
        "PRESSMARK_ALLOW_NETWORKS": [str(network) for network in configuration.allow_networks],
        "PRESSMARK_CONCURRENCY": source.concurrency,
        "PRESSMARK_DELAY": source.delay,
        "PRESSMARK_REQUISITE_DELAY": configuration.requisite_delay,
        "PRESSMARK_PAGE_LIMIT": configuration.limits.page,
        "PRESSMARK_MEDIA_LIMIT": configuration.limits.media,
        "PRESSMARK_TIMEOUT": configuration.limits.timeout,
        "PRESSMARK_PROXY": configuration.proxy or "",
        "PRESSMARK_SECRETS": list(configuration.secret_values),
        "PRESSMARK_KEEP_SECRETS": configuration.keep_secrets,
        "ROBOTSTXT_OBEY": source.robots == "obey",
        "USER_AGENT": configuration.agent,
    }


class Runner:
    """Runs crawls one after the other or side by side; an interruption ends all of them."""

    def __init__(self, session: Session, interruption: Interruption) -> None:
        self.session = session
        self.interruption = interruption
        self._settings = Settings()
        self._settings.setmodule("config.settings", priority="project")
        configure_logging({"LOG_LEVEL": "WARNING"})
        logging.getLogger("scrapy").setLevel(logging.ERROR)
        self._runner = AsyncCrawlerRunner(self._settings)

    async def crawl(
        self,
        spider: type[Spider],
        recording: Recording,
        settings: Mapping[str, Any],
        *,
        on_item: Callable[[Any], None] = lambda item: None,
        arguments: Mapping[str, Any],
    ) -> Crawler:
        """Run one spider to its end; its crawler, for stats and what the spider holds.

        Raises WriteError when something could not be kept. After an interruption requests in
        flight get 10 s to finish.
        """
        own = self._settings.copy()
        for name, value in settings.items():
            # Above the settings module and the spider's own, as the command line is.
            own.set(name, value, priority="cmdline")
        crawler = Crawler(spider, own)
        attach(crawler, recording)
        crawler.signals.connect(lambda item: on_item(item), signal=signals.item_scraped, weak=False)
        crawl = asyncio.ensure_future(self._runner.crawl(crawler, **arguments))
        await self._until_done_or_interrupted(crawl, crawler)
        failure = self.session.writer.failure
        if failure is not None:
            raise failure
        if crawl.done():
            crawl.result()
        return crawler

    async def _until_done_or_interrupted(
        self, crawl: asyncio.Future[None], crawler: Crawler
    ) -> None:
        interrupted = asyncio.ensure_future(self.interruption.once.wait())
        await asyncio.wait({crawl, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()
        if crawl.done():
            return
        stopping = asyncio.ensure_future(crawler.stop_async())
        twice = asyncio.ensure_future(self.interruption.twice.wait())
        await asyncio.wait({crawl, twice}, timeout=_GRACE, return_when=asyncio.FIRST_COMPLETED)
        twice.cancel()
        if stopping.done():
            stopping.result()
