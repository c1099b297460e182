"""A body that trickles in is given up before the time for the whole exchange is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from scrapy import Request, signals
from scrapy.exceptions import NotConfigured, StopDownload

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

TRUNCATED = "pressmark_truncated"
"""Key of request.meta: why the guard stopped the download, as a value of WARC-Truncated."""


@dataclass(slots=True)
class _Window:
    start: float
    received: int = 0


class RateFloor:
    """Stops a download whose body stays below PRESSMARK_MINIMUM_RATE for a whole window.

    `rate` is bytes a second, `window` seconds (PRESSMARK_RATE_WINDOW). It looks when bytes arrive;
    silence is what DOWNLOAD_TIMEOUT is for.
    """

    def __init__(
        self, rate: float, window: float, *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._least = rate * window
        self._seconds = window
        self._clock = clock
        self._windows: WeakKeyDictionary[Request, _Window] = WeakKeyDictionary()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RateFloor:
        """Raises NotConfigured when the rate is 0."""
        rate = crawler.settings.getfloat("PRESSMARK_MINIMUM_RATE")
        if rate <= 0:
            raise NotConfigured
        floor = cls(rate, crawler.settings.getfloat("PRESSMARK_RATE_WINDOW"))
        crawler.signals.connect(floor.headers_received, signals.headers_received)
        crawler.signals.connect(floor.bytes_received, signals.bytes_received)
        return floor

    def headers_received(self, request: Request) -> None:
        """The body begins."""
        request.meta.pop(TRUNCATED, None)  # copied from the request that this one repeats
        self._windows[request] = _Window(self._clock())

    def bytes_received(self, data: bytes, request: Request) -> None:
        """Raises StopDownload, which makes the download fail, and marks the request `TRUNCATED`."""
        window = self._windows.get(request)
        if window is None:
            return
        window.received += len(data)
        now = self._clock()
        if now - window.start < self._seconds:
            return
        if window.received < self._least * (now - window.start) / self._seconds:
            request.meta[TRUNCATED] = "time"
            raise StopDownload(fail=True)
        self._windows[request] = _Window(now)
