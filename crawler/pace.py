"""Pace: how soon after one request to a host the next one starts.

Every host has two download slots. In the first go documents, robots.txt, feeds and whatever else
says nothing of itself: `DOWNLOAD_DELAY` apart. In the second go a page's requisites
(`meta["pressmark_kind"]`), `PRESSMARK_REQUISITE_DELAY` apart. A robots.txt that a crawl obeys
counts as a document: it comes right before the first page. One that is only kept, on demand, does
not make the page wait: it goes with the requisites.

None starts while the gate of the session is shut (pipelines.warc.gate); they wait in their slots,
where no timeout counts.
"""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader import Downloader, Slot
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached

from pipelines.recording import recording_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

    from pipelines.warc.gate import Gate

KIND = "pressmark_kind"
"""Key of request.meta: "requisite" or "media" for what belongs to a page; else a document."""

LIST = "pressmark_list"
"""Key of request.meta: true for a feed or a sitemap."""

REQUISITE_KINDS = frozenset({"requisite", "media"})

_OURS = "pressmark_slot"

logger = logging.getLogger(__name__)


class NotBegun(IgnoreRequest):
    """The crawl was ended before the request had its turn: no error of its URL."""


class PacedSlot(Slot):
    """A slot whose first `delay` is the least time between two starts, in seconds.

    Jitter only adds to it, and autothrottle, which changes `delay`, only raises it: its own lower
    bound does not know of DOWNLOAD_SLOTS. A request starts when it is given a connection, which it
    may have to open first.
    """

    __slots__ = ("_least",)

    def __init__(self, concurrency: int, delay: float, jitter: float) -> None:
        super().__init__(concurrency, delay, jitter)
        self._least = delay

    def download_delay(self) -> float:
        """Seconds from the last start to the next, drawn anew at each call."""
        delay = max(self.delay, self._least)
        return delay * (1 + random.uniform(0, self.jitter))  # noqa: S311 (no secret in it)


class PacedDownloader(Downloader):
    """Scrapy's downloader with a slot for documents and one for requisites of each host.

    Redirected and retried requests come through here like all others. A `download_slot` that a
    spider sets in `meta` is respected.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._requisite_delay = self.settings.getfloat("PRESSMARK_REQUISITE_DELAY")
        self._requisite_concurrency = self.settings.getint("PRESSMARK_REQUISITE_CONCURRENCY")
        self._gate: Gate | None = None
        self._ending = False
        self._not_begun = 0

    def end(self) -> None:
        """Start no request any more; those that wait for their turn fail with NotBegun."""
        self._ending = True
        self._go_on()

    def close(self) -> None:
        """As Scrapy's; says how many requests had not had their turn."""
        if self._not_begun:
            logger.warning("%d requests were not begun before the end", self._not_begun)
            self._not_begun = 0
        if self._gate is not None:
            self._gate.listeners.remove(self._go_on)
            self._gate = None
        super().close()

    def _process_queue(self, slot: Slot) -> None:
        if self._ending:
            while slot.queue:
                _, waiting = slot.queue.popleft()
                self._not_begun += 1
                waiting.errback(NotBegun("the crawl ended before its turn"))
        elif not self._is_shut():
            super()._process_queue(slot)

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        """As Scrapy's, which counts a request only when its coroutine runs.

        That is later: without a delay it would start all that wait, whatever the concurrency.
        """
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)

    def _is_shut(self) -> bool:
        if self._gate is None:
            # `scrapy crawl` has its recording only from `spider_opened` on.
            recording = recording_of(self.crawler)
            if recording is None or recording.gate is None:
                return False
            self._gate = recording.gate
            self._gate.listeners.append(self._go_on)
        return self._gate.reason is not None

    def _go_on(self) -> None:
        for slot in list(self.slots.values()):
            self._process_queue(slot)

    def get_slot_key(self, request: Request) -> str:
        """Host name, and what the slot is for; a redirected request comes with the last one's."""
        given = request.meta.get(self.DOWNLOAD_SLOT)
        if given is not None and given != request.meta.get(_OURS):
            return str(given)
        host = urlparse_cached(request).hostname or ""
        return f"{host} requisites" if is_requisite(request) else host

    def _get_slot(  # type: ignore[override]  # Scrapy's own has a deprecated `spider` too
        self, request: Request
    ) -> tuple[str, Slot]:
        key = self.get_slot_key(request)
        given = request.meta.get(self.DOWNLOAD_SLOT)
        if given is None or given == request.meta.get(_OURS):
            request.meta[_OURS] = key
        if is_requisite(request):
            request.meta["autothrottle_dont_adjust_delay"] = True
        if key not in self.slots:
            self.slots[key] = self._new_slot(key, requisite=is_requisite(request))
            self._start_slot_gc()
        return key, self.slots[key]

    def _new_slot(self, key: str, *, requisite: bool) -> PacedSlot:
        given = self.per_slot_settings.get(key, {})
        concurrency = self._requisite_concurrency if requisite else self.domain_concurrency
        delay = self._requisite_delay if requisite else self._delay
        return PacedSlot(
            int(given.get("concurrency", concurrency)),
            float(given.get("delay", delay)),
            float(given.get("jitter", self._jitter)),
        )


def is_requisite(request: Request) -> bool:
    """Whether a request is for a page's requisite."""
    return request.meta.get(KIND) in REQUISITE_KINDS


def begin_no_more(crawler: Crawler) -> None:
    """Have a crawl whose engine is closing start none of the requests that wait for their turn."""
    downloader = getattr(crawler.engine, "downloader", None)
    if isinstance(downloader, PacedDownloader):
        downloader.end()
