"""Item pipeline: the article of a page becomes the document of its capture."""

from __future__ import annotations

import asyncio
from typing import Any

from scrapy.crawler import Crawler

from archive.errors import WriteError
from pipelines.items import Page
from pipelines.recording import recording_of


class DocumentsPipeline:
    """Sets `Page.document` when it is durable and indexed. A failed write ends the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> DocumentsPipeline:
        """Called by Scrapy."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Other items, and pages without a capture, pass unchanged."""
        recording = recording_of(self._crawler)
        if not isinstance(item, Page) or recording is None:
            return item
        if item.capture is not None and item.article is not None:
            try:
                item.document = await recording.add(item.capture, item.article)
            except WriteError:
                self._close()
                raise
        # Text and capture are safe; the bytes of the page need no place in memory any more.
        item.body = b""
        return item

    def _close(self) -> None:
        if self._closing is None:
            closing = self._crawler.engine.close_spider_async(reason="write_error")
            self._closing = asyncio.ensure_future(closing)
