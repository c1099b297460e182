"""Crawls of sources: what to crawl, side by side where the hosts differ, and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler

from archive.errors import SourceBusy
from archive.progress import Advance
from config.crawling import crawl_settings
from config.schema import Configuration
from config.sources import Source
from crawler.archiving import fresh
from crawler.resuming import Resumption
from crawler.runner import Runner
from crawler.sealing import seal_quietly
from crawler.spiders.ad_hoc import ad_hoc
from crawler.spiders.news import NewsSpider
from crawler.unfinished import UnfinishedCrawl

logger = logging.getLogger(__name__)

SIDE_BY_SIDE = 8
"""Sources that are crawled at once; sources that share a host take turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """What one crawl of one source did."""

    source: str
    job: str
    pages: int  #: documents fetched and kept
    captures: int
    documents: int
    revisits: int
    errors: int  #: downloads, feeds and sitemaps that failed
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The fields of the contract."""
        return {
            "source": self.source,
            "job": self.job,
            "pages": self.pages,
            "captures": self.captures,
            "documents": self.documents,
            "revisits": self.revisits,
            "errors": self.errors,
            "seconds": round(self.seconds, 3),
        }


def plan(
    configuration: Configuration, names: Sequence[str], *, depth: int | None, limit: int | None
) -> list[Source]:
    """The sources that the names mean: configured ones, URLs ad hoc, or all where none is named.

    Raises ConfigurationError.
    """
    chosen = [
        configuration.with_defaults(ad_hoc(name)) if "://" in name else configuration.source(name)
        for name in names
    ] or list(configuration.sources)
    changes = {"depth": depth, "limit": limit}
    update = {key: value for key, value in changes.items() if value is not None}
    return [source.model_copy(update=update) for source in chosen]


async def crawl_sources(
    runner: Runner,
    sources: Sequence[Source],
    advance: Advance,
    *,
    anew: bool = False,
) -> list[CrawlReport]:
    """Crawl, seal, wait for the store; one report a source, in their order.

    An interrupted crawl of a source is gone on with, unless all shall begin `anew`. A source that
    another process is crawling has no report, and is the runner's failure.
    """
    done: Counter[str] = Counter()

    def on_item(item: object) -> None:  # noqa: ARG001 - signals pass it by name
        done["pages"] += 1
        advance(done["pages"], None)

    groups: dict[str, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        groups[_first_host(source)].append(number)
    reports: dict[int, CrawlReport] = {}
    places = asyncio.Semaphore(SIDE_BY_SIDE)
    # URLs ad hoc of different hosts (with www. and without) may be of one source.
    turns = {source.name: asyncio.Lock() for source in sources}

    async def in_turn(numbers: list[int]) -> None:
        async with places:
            for number in numbers:
                source = sources[number]
                async with turns[source.name]:
                    if runner.interruption.once.is_set():
                        return
                    try:
                        reports[number] = await _crawl(runner, source, on_item, anew=anew)
                    except SourceBusy as error:
                        runner.failure = error

    try:
        async with asyncio.TaskGroup() as group:
            for numbers in groups.values():
                group.create_task(in_turn(numbers))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors  # the others were cancelled for it
    await seal_quietly(runner.session, runner.interruption)
    return [reports[number] for number in sorted(reports)]


async def _crawl(
    runner: Runner, source: Source, on_item: Callable[[object], None], *, anew: bool
) -> CrawlReport:
    session = runner.session
    mark = UnfinishedCrawl.begin(Path(session.configuration.home), source, fresh=anew)
    finished = False
    touching = asyncio.create_task(_touch(mark))
    try:
        job = mark.job
        recording = session.recording(source.name, job)
        resumption = None
        if mark.resumed:
            logger.warning(
                "going on with the interrupted crawl of %s (--fresh begins anew)", source.name
            )
            resumption = Resumption(session.collection, recording)
        began = time.monotonic()
        crawler = await runner.crawl(
            NewsSpider,
            recording,
            crawl_settings(session.configuration, source),
            on_item=on_item,
            arguments={
                "source": source,
                "captured_since": fresh(session.collection.index, besides=job),
                "resumption": resumption,
            },
        )
        reason = crawler.stats.get_value("finish_reason")
        finished = reason == "finished" and session.writer.failure is None
    finally:
        touching.cancel()
        mark.end(finished=finished)
    counts = recording.counts
    return CrawlReport(
        source=source.name,
        job=job,
        pages=_stat(crawler, "pages"),
        captures=counts["captures"],
        documents=counts["documents"],
        revisits=counts["revisits"],
        errors=sum(_stat(crawler, name) for name in ("errors", "feed_errors", "sitemap_errors")),
        seconds=time.monotonic() - began,
    )


async def _touch(mark: UnfinishedCrawl) -> None:
    """Keep the mark young while the crawl goes on."""
    while True:
        await asyncio.sleep(60)
        # On a disk that fails, what counts is said by the writer.
        with contextlib.suppress(OSError):
            mark.touch()


def _stat(crawler: Crawler, name: str) -> int:
    return int(crawler.stats.get_value(f"pressmark/{name}", 0))


def _first_host(source: Source) -> str:
    starts = (*source.seeds, *source.sections, *source.feeds, *source.sitemaps)
    return urlsplit(str(starts[0])).hostname or "" if starts else source.name
