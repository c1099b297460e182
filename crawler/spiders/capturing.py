"""What the spiders have in common: pages as items, their requisites, and what was kept of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from archive.model import Capture
from crawler.discovery.markup import Markup, parse_markup
from crawler.discovery.requisites import Requisite, css_requisites, requisites_of
from crawler.pace import KIND
from crawler.recorder.captured import capture_of
from crawler.resuming import Resumption
from pipelines.extraction.charset import decode_html
from pipelines.extraction.prescan import refusal
from pipelines.items import Page

logger = logging.getLogger(__name__)

PAGE = "pressmark_page"
"""Key of request.meta: number of the page that a request is made for."""

STYLE_DEPTH = 3
"""Sheets are followed to this depth: the page's own, those that they import, and theirs."""

REQUISITES = 1000
"""Requisites that are fetched for one page at most (PRESSMARK_REQUISITES_LIMIT)."""

_BEFORE_DOCUMENTS = 10  # priority: a page and what belongs to it are kept close in time
_CSS_BYTES = 4 << 20  # a larger sheet is kept, but not searched


@dataclass(slots=True, eq=False)
class Progress:
    """What has become of one page so far."""

    url: str  #: as asked for
    number: int  #: place among the pages of the crawl
    chain: list[Capture] = field(default_factory=list)  #: of the page, every hop and try in order
    captures: int = 0  #: of the page and its requisites, hops included
    ok: int = 0  #: requisites that were had
    failed: int = 0  #: requisites that were not, or were answered with an error
    left_out: int = 0  #: requisites beyond the limit
    outstanding: int = 1  #: requests that have not ended; the page's own is one
    asked: set[str] = field(default_factory=set)  #: URLs of its requisites
    noted: set[str] = field(default_factory=set)  #: record ids that are counted


class CapturingSpider(Spider):
    """Base of the spiders. Not a spider of its own: it has no name.

    Settings: PRESSMARK_REQUISITES_LIMIT.
    """

    custom_settings: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # Scrapy's is an instance's
        "HTTPERROR_ALLOW_ALL": True,  # an error page is an answer that is worth keeping
        # Pages that reload themselves every minute are no redirects; those without a delay are.
        "METAREFRESH_MAXDELAY": 5,
        "METAREFRESH_IGNORE_TAGS": ["noscript"],
        # First found, first fetched: lists have the newest and most important on top.
        "SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleFifoDiskQueue",
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    }

    source_name = "ondemand"

    def __init__(
        self,
        *,
        captured_since: Callable[[str], bool] | None = None,
        resumption: Resumption | None = None,
        **kwargs: Any,
    ) -> None:
        """`captured_since` tells whether a requisite was captured so lately that it will do.

        `resumption` answers what an interrupted crawl has asked before.
        """
        super().__init__(**kwargs)
        self.resumption = resumption
        self._captured_since = captured_since or (lambda _: False)
        self._pages: dict[int, Progress] = {}
        self._requisites: dict[str, bool | list[int]] = {}
        self._limit = REQUISITES
        self._robots: set[str] = set()
        self._request_meta: dict[str, Any] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """As Scrapy's."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider._limit = crawler.settings.getint("PRESSMARK_REQUISITES_LIMIT", REQUISITES)
        # Hops and failed tries are seen by no callback, only by these.
        crawler.signals.connect(spider.note_capture, signal=signals.response_downloaded)
        crawler.signals.connect(spider.note_capture, signal=signals.request_reached_downloader)
        return spider

    def count(self, what: str, number: int = 1) -> None:
        """Add to one of our stats."""
        if number:
            self.crawler.stats.inc_value(f"pressmark/{what}", number)

    # Captures

    def open_page(self, url: str, number: int) -> Progress:
        """Begin the book-keeping of a page."""
        progress = self._pages[number] = Progress(url, number)
        progress.asked.add(url)
        return progress

    def page_ended(self, progress: Progress) -> None:
        """Called once, when a page and all its requisites have ended."""

    def note_capture(self, request: Request) -> None:
        """Count the capture that a download has left in the request, once."""
        progress = self._pages.get(request.meta.get(PAGE, -1))
        capture = request.meta.get("capture")
        if progress is None or not isinstance(capture, Capture):
            return
        if capture.record_id in progress.noted:
            return
        progress.noted.add(capture.record_id)
        progress.captures += 1
        if KIND not in request.meta:
            progress.chain.append(capture)

    def request_ended(self, progress: Progress) -> None:
        """One of the requests of a page has ended, well or not."""
        progress.outstanding -= 1
        if not progress.outstanding:
            self.page_ended(progress)

    # Pages

    def item(self, response: Response) -> Page | None:
        """The page as an item; None when the response is not HTML."""
        if not isinstance(response, HtmlResponse):
            return None
        capture = capture_of(response)
        return Page(
            url=response.url.partition("#")[0],
            capture=capture,
            status=response.status,
            content_type=content_type(response) or None,
            body=response.body,
            source=self.source_name,
            document=self.resumption.document(capture) if self.resumption else None,
        )

    def markup(self, response: Response) -> Markup | None:
        """The parsed page; None when it is not HTML, or such that parsing it could take minutes."""
        if not isinstance(response, HtmlResponse):
            return None
        refused = refusal(response.body)
        if refused:
            self.count(f"pages_refused/{refused}")
            logger.warning("%s is kept, but not searched for links: %s", response.url, refused)
            return None
        html, _ = decode_html(response.body, content_type(response) or None)
        return parse_markup(html, response.url)

    def robots_requests(self, url: str) -> Iterator[Request]:
        """A request for robots.txt of the URL's host, once a crawl: kept, but not waited for."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin in self._robots:
            return
        self._robots.add(origin)
        yield Request(
            f"{origin}/robots.txt",
            callback=self.parse_robots,
            errback=self.robots_failed,
            # A document's turn would make the page itself wait for the next one.
            meta={KIND: "requisite", "dont_obey_robotstxt": True, "max_retry_times": 0},
            dont_filter=True,
            priority=2 * _BEFORE_DOCUMENTS,
        )

    def parse_robots(self, response: Response) -> None:
        """Nothing is to be done: the handler has kept it."""

    def robots_failed(self, failure: Failure) -> None:
        """As good as none."""
        logger.info("no robots.txt: %s", failure.value)

    # Requisites

    def page_requisites(self, markup: Markup, progress: Progress, via: str) -> Iterator[Request]:
        """Requests for what a page needs."""
        progress.asked.add(via)
        yield from self._requisite_requests(requisites_of(markup), progress, via, 1)

    def _requisite_requests(
        self, found: Iterable[Requisite], progress: Progress, via: str, depth: int
    ) -> Iterator[Request]:
        for requisite in found:
            url = requisite.url
            if url in progress.asked:
                continue
            if len(progress.asked) > self._limit:
                progress.left_out += 1
                self.count("requisites_left_out")
                continue
            progress.asked.add(url)
            if url not in self._requisites and self._captured_since(url):
                self._requisites[url] = True
                self.count("requisites_fresh")
            known = self._requisites.get(url)
            if isinstance(known, bool):
                _tally(progress, ok=known)
                continue
            if known is None:
                try:
                    request = self._requisite_request(requisite, progress, via, depth)
                except ValueError:  # Scrapy's, for a URL that it cannot make sense of
                    _tally(progress, ok=False)
                    continue
                known = self._requisites[url] = []
                known.append(progress.number)
                progress.outstanding += 1
                yield request
            else:
                known.append(progress.number)
                progress.outstanding += 1

    def _requisite_request(
        self, requisite: Requisite, progress: Progress, via: str, depth: int
    ) -> Request:
        meta = {
            **self._request_meta,
            PAGE: progress.number,
            KIND: "media" if requisite.kind == "media" else "requisite",
            "pressmark_via": via,
            "max_retry_times": 1,  # what many pages lack anyway must not hold up the page
        }
        if self.settings.getbool("COOKIES_ENABLED"):
            meta["cookiejar"] = progress.number
        return Request(
            requisite.url,
            callback=self.parse_requisite,
            errback=self.requisite_failed,
            cb_kwargs={"requisite": requisite, "depth": depth},
            meta=meta,
            dont_filter=True,
            priority=_BEFORE_DOCUMENTS,
        )

    def parse_requisite(
        self, response: Response, requisite: Requisite, depth: int
    ) -> Iterator[Request]:
        """A requisite has come; a sheet or a frame may need others."""
        progress = self._pages.get(response.meta.get(PAGE, -1))
        try:
            if progress is not None and response.status < 400:
                found = list(self._inner(response, requisite, depth))
                yield from self._requisite_requests(found, progress, response.url, depth + 1)
        finally:
            capture = capture_of(response)
            whole = capture is None or capture.truncated is None
            self._settle(requisite.url, ok=response.status < 400 and whole)

    def _inner(self, response: Response, requisite: Requisite, depth: int) -> Iterable[Requisite]:
        if requisite.kind == "style":
            if depth > STYLE_DEPTH or len(response.body) > _CSS_BYTES:
                return ()
            return css_requisites(_css_text(response), response.url)
        if requisite.kind == "frame" and depth == 1:
            markup = self.markup(response)
            inner = requisites_of(markup) if markup else ()
            return [requisite for requisite in inner if requisite.kind != "frame"]
        return ()

    def requisite_failed(self, failure: Failure) -> None:
        """A requisite has not come; the page is none the worse for it."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        self.note_capture(request)
        requisite: Requisite = request.cb_kwargs["requisite"]
        logger.info("requisite %s: %s", requisite.url, failure.value)
        self._settle(requisite.url, ok=False)

    def _settle(self, url: str, *, ok: bool) -> None:
        waiting = self._requisites.get(url)
        self._requisites[url] = ok
        self.count("requisites_ok" if ok else "requisites_failed")
        for number in waiting if isinstance(waiting, list) else ():
            progress = self._pages.get(number)
            if progress is not None:
                _tally(progress, ok=ok)
                self.request_ended(progress)


def _tally(progress: Progress, *, ok: bool) -> None:
    if ok:
        progress.ok += 1
    else:
        progress.failed += 1


def content_type(response: Response) -> str:
    """Value of the header, "" without one."""
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def _css_text(response: Response) -> str:
    if response.body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return response.body.decode("utf-16", "replace")
    # URLs in other encodings are ASCII nearly always.
    return response.body.decode("utf-8-sig", "replace")
