"""Keeper: who takes the exchanges of a crawl; and where what takes part in a crawl finds it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

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
    """Make `keeper` take the exchanges of this crawl; before its first request."""
    _keepers[crawler] = keeper


def keeper_of(crawler: Crawler) -> Keeper | None:
    """The keeper of this crawl; None before one was attached."""
    return _keepers.get(crawler)
