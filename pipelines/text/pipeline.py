"""Item pipeline: the text of a page, made in a worker process."""

from __future__ import annotations

import logging
from typing import Any

from scrapy.crawler import Crawler

from archive.errors import ArchiveError
from pipelines.items import Page
from pipelines.recording import recording_of
from pipelines.text.pool import RawPage

logger = logging.getLogger(__name__)


class TextPipeline:
    """Sets `Page.article`. A page without text gets an article that says why; none is dropped."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TextPipeline:
        """Called by Scrapy."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Other items, and pages that have their document already, pass unchanged."""
        recording = recording_of(self._crawler)
        if isinstance(item, Page) and item.document is None and recording is not None:
            raw = RawPage(
                url=item.url,
                content_type=item.content_type,
                body=item.body,
                status=item.status,
            )
            try:
                item.article = await recording.extract(raw)
                status: str = item.article.extraction_status
            except ArchiveError as error:
                # No worker to be had: the page is kept, and its text can be extracted from that.
                logger.warning("%s has no text: %s", item.url, error)
                status = "no_worker"
            self._crawler.stats.inc_value(f"pressmark/extraction/{status}")
        return item
