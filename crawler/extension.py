"""Scrapy extension: a session of its own for a crawl that nobody attached a recording to.

That is how `scrapy crawl` records; `pressmark` opens one session for all crawls of a command.
"""

from __future__ import annotations

import contextlib
import logging

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from archive.errors import ArchiveError, WriteError
from archive.names import new_run, source_name
from config.errors import ConfigurationError
from config.load import load
from crawler.session import Session
from pipelines.keeper import attach, keeper_of

logger = logging.getLogger(__name__)


class SessionExtension:
    """Opens a session before the first request and seals it after the last item."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session: Session | None = None
        crawler.signals.connect(self._open, signal=signals.spider_opened)
        crawler.signals.connect(self._close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> SessionExtension:
        """Called by Scrapy."""
        return cls(crawler)

    async def _open(self, spider: Spider) -> None:
        if keeper_of(self._crawler) is not None:
            return
        try:
            configuration = load()
            if not configuration.contact:
                raise ConfigurationError("`contact` is not configured; see `pressmark init`")
            self._session = await Session.open(configuration)
        except (ArchiveError, ConfigurationError) as error:
            logger.error("nothing can be archived: %s", error)
            raise CloseSpider("archive_unavailable") from error
        source = getattr(spider, "source_name", None) or source_name(spider.name)
        attach(self._crawler, self._session.recording(source, new_run()))

    async def _close(self, reason: str) -> None:
        if self._session is None:
            return
        session, self._session = self._session, None
        if reason == "shutdown":  # so Scrapy calls a signal, and whoever stops a runner
            session.hurry()
        # It ends the crawl, and is said below whenever it came.
        with contextlib.suppress(WriteError):
            await session.seal()
        try:
            if session.writer.failure is not None:
                logger.error("%s", session.writer.failure)
            if (cause := session.upload_error()) is not None:
                logger.error("not all is stored, the rest waits for the next start: %s", cause)
        finally:
            # A store that hangs would keep an upload, and us, for minutes.
            await session.close(hurry=session.upload_error(own=False) is not None)
