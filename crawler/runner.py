"""Running spiders inside a session: settings from the configuration, stopping when asked to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from archive.errors import ArchiveError
from crawler.pace import begin_no_more
from crawler.reactor import Interruption, first
from crawler.session import Session
from pipelines.keeper import attach
from pipelines.recording import Recording
from pipelines.text.pool import WorkerError

_GRACE = 10.0
"""Seconds that requests in flight get to finish after an interruption."""


class Runner:
    """Runs crawls one after the other or side by side; an interruption ends all of them."""

    def __init__(self, session: Session, interruption: Interruption) -> None:
        self.session = session
        self.interruption = interruption
        self.failure: ArchiveError | None = None  #: why a crawl was not begun, or ended early
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
        patience: float | None = None,
    ) -> Crawler:
        """Run one spider to its end; its crawler, for stats and what the spider holds.

        A write that failed has ended the crawl early and is in `session.writer.failure`. Without
        room in the spool the crawl waits; if that lasts `patience` seconds, it ends with `failure`.
        After an interruption requests in flight get 10 s to finish.
        """
        # It imports while the first page is fetched. If it can't be started, that page tells.
        with contextlib.suppress(WorkerError):
            self.session.text.start(1)
        own = self._settings.copy()
        for name, value in settings.items():
            # Above the settings module and the spider's own, as the command line is.
            own.set(name, value, priority="cmdline")
        crawler = Crawler(spider, own)
        attach(crawler, recording)
        crawler.signals.connect(on_item, signal=signals.item_scraped, weak=False)
        crawl = self._runner.crawl(crawler, **arguments)
        until: list[Coroutine[Any, Any, Any]] = [self.interruption.once.wait()]
        if patience is not None:
            until.append(self._give_up(patience))
        await finish(crawl, crawler, self.interruption, until)
        # What is still in flight would come into a segment that nobody seals.
        recording.end()
        return crawler

    async def _give_up(self, patience: float) -> None:
        self.failure = await self.session.gate.given_up(patience)


async def finish(
    crawl: asyncio.Task[None],
    crawler: Crawler,
    interruption: Interruption,
    until: Sequence[Coroutine[Any, Any, Any]] = (),
) -> None:
    """Wait for the end of a crawl, or for the first of `until` (the interruption).

    That stops it: what was not begun is dropped, and what is in flight gets 10 s at the most.
    """
    await first(crawl, *(until or [interruption.once.wait()]))
    if not crawl.done():
        stopping = asyncio.ensure_future(crawler.stop_async())
        await asyncio.sleep(0)  # first the engine closes: what is dropped must not be scheduled
        begin_no_more(crawler)
        await first(crawl, interruption.twice.wait(), seconds=_GRACE)
        if stopping.done():
            stopping.result()
    if crawl.done():
        crawl.result()
