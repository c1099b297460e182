"""Recording: one crawl's way to the segment writer and the text workers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scrapy.crawler import Crawler

from archive.errors import WriteError
from archive.model import Article, Capture, Document, Exchange
from pipelines.keeper import keeper_of
from pipelines.text.pool import RawPage, TextPool
from pipelines.warc.gate import Gate
from pipelines.warc.writer import SegmentWriter


class Recording:
    """What a crawl of one source keeps. Several crawls of a process share writer and workers."""

    def __init__(
        self,
        writer: SegmentWriter,
        text: TextPool,
        *,
        source: str,
        job: str | None = None,
        gate: Gate | None = None,
    ) -> None:
        """`gate`: what requests wait at; none: they need not."""
        self._writer = writer
        self._text = text
        self._ended = False
        self.gate = gate
        self.source = source  #: name of the source; segments are of one source each
        self.job = job  #: id of the job
        self.counts: Counter[str] = Counter()  #: captures, revisits, documents

    @property
    def spool(self) -> Path:
        """Folder for the temporary files of large blocks."""
        return self._writer.spool.path

    async def keep(self, exchanges: Sequence[Exchange]) -> Sequence[Capture]:
        """Captures of the exchanges when all of them are `spooled`. Closes their blocks.

        Raises WriteError, UrlError.
        """
        if self._ended:
            for exchange in exchanges:
                exchange.request.close()
                exchange.response.close()
            raise WriteError(exchanges[0].url, RuntimeError("the crawl was interrupted"))
        captures = await self._writer.keep(self.source, exchanges)
        self.counts["captures"] += len(captures)
        self.counts["revisits"] += sum(c.is_revisit for c in captures)
        return captures

    def end(self) -> None:
        """Keep nothing any more: what comes after an interrupted crawl was sealed is not kept."""
        self._ended = True

    async def extract(self, page: RawPage) -> Article:
        """The article of a page; never raises for what the page holds."""
        return await self._text.extract(page)

    async def add(self, capture: Capture, article: Article) -> Document:
        """Keep the article as the capture's document. Raises WriteError."""
        document = await self._writer.add(capture, article)
        self.counts["documents"] += 1
        return document


def recording_of(crawler: Crawler) -> Recording | None:
    """The recording of this crawl; None before one was attached, or where another keeper is."""
    keeper = keeper_of(crawler)
    return keeper if isinstance(keeper, Recording) else None
