"""Keeper: who takes the exchanges of a crawl, and where a crawl finds its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler
from scrapy.http import Response

from archive.model import Capture, Exchange


class Keeper(Protocol):
    """What the download handlers need of the archive's side; one serves http and https alike."""

    @property
    def spool(self) -> Path:
        """Folder for the temporary files of blocks larger than `archive.block.SPILL`."""
        ...

    @property
    def source(self) -> str:
        """Name of the source that the crawl is of."""
        ...

    @property
    def job(self) -> str | None:
        """Id of the job."""
        ...

    async def keep(self, exchanges: Sequence[Exchange]) -> Sequence[Capture]:
        """One capture for each exchange, in order, when all of them are durable.

        It bounds by bytes what waits in it, and owns the blocks from the call on: it closes them.
        Raises WriteError.
        """
        ...


_keepers: WeakKeyDictionary[Crawler, Keeper] = WeakKeyDictionary()


def attach(crawler: Crawler, keeper: Keeper) -> None:
    """Make `keeper` take the exchanges of this crawl; before the engine starts."""
    _keepers[crawler] = keeper


def is_attached(crawler: Crawler) -> bool:
    """Whether the exchanges of this crawl have a keeper already."""
    return crawler in _keepers


def keeper_of(crawler: Crawler) -> Keeper:
    """The keeper of this crawl. Raises RuntimeError when none was attached."""
    try:
        return _keepers[crawler]
    except KeyError:
        raise RuntimeError(
            "the recording download handler has nowhere to keep what it records: enable it through "
            "the Pressmark add-on in ADDONS, not by DOWNLOAD_HANDLERS alone"
        ) from None


_stopping: WeakKeyDictionary[Crawler, asyncio.Task[None]] = WeakKeyDictionary()


def stop_crawl(crawler: Crawler, reason: str) -> None:
    """Close the spider, once, while whoever calls this goes on to fail."""
    engine = crawler.engine
    if engine.spider is None or crawler in _stopping:
        return
    closing = engine.close_spider_async(reason=reason)
    task = asyncio.get_running_loop().create_task(closing)
    _stopping[crawler] = task
    # The task holds the crawler; when it is done, there is no spider left to close.
    task.add_done_callback(lambda _: _stopping.pop(crawler, None))


def capture_of(response: Response) -> Capture | None:
    """Where the exchange of this response is kept; None for an answer out of Scrapy's HTTP cache.

    `meta` is copied to the next request of a redirect, so only the handler's own word counts.
    """
    if "cached" in response.flags:
        return None
    capture = response.meta.get("capture")
    return capture if isinstance(capture, Capture) else None
