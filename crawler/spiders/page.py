"""The spider `page`: URLs on demand, each with its requisites."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from archive.errors import UrlError
from archive.model import Capture
from crawler.discovery.urls import has_host
from crawler.recorder.captured import capture_of
from crawler.spiders.capturing import PAGE, CapturingSpider, Progress
from crawler.spiders.failures import (
    Explanation,
    Reason,
    explain_redirected,
    explain_truncated,
)
from pipelines.items import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """What became of one URL that was asked for."""

    url: str  #: as asked for
    final_url: str | None = None  #: after redirects; None when nothing came
    capture: Capture | None = None  #: of the final response, also of one that is not whole
    chain: tuple[Capture, ...] = ()  #: all captures of the page: tries, redirects, the final one
    error: str | None = None  #: one sentence; None when the final response came whole
    reason: Reason | None = None  #: of the error, in a word
    requisites_ok: int = 0  #: kept in this crawl, or lately before it
    requisites_failed: int = 0  #: not had, or answered with a status of 400 or more
    requisites_left_out: int = 0  #: not asked for, because the page has too many
    captures: int = 0  #: of the page and its requisites, redirects included

    @property
    def ok(self) -> bool:
        """Whether the final response was received whole, whatever its status."""
        return self.error is None


def check_url(text: str) -> str:
    """The URL that is to be fetched, without fragment. Raises UrlError."""
    url = text.strip().partition("#")[0]
    scheme, separator, rest = url.partition("://")
    url = f"{scheme.lower()}://{rest}" if separator else url
    if not has_host(url):
        raise UrlError(
            f"{text!r} is not a URL that can be archived: "
            "it must begin with http:// or https:// and name a host"
        )
    try:
        return Request(url).url
    except ValueError as error:
        raise UrlError(f"{text!r} is not a URL that can be archived: {error}") from error


class PageSpider(CapturingSpider):
    """Fetches each URL once, however often it is named; `outcomes()` has one entry a name.

    Settings: PRESSMARK_ONDEMAND_ROBOTS, "ignore" (the default: robots.txt is kept, but does not
    refuse what a person has asked for) or "obey".
    """

    name = "page"
    custom_settings: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # Scrapy's is an instance's
        **CapturingSpider.custom_settings,
        "COOKIES_ENABLED": True,  # a jar for each page, see meta["cookiejar"]
    }

    def __init__(
        self,
        url: str = "",
        urls: Sequence[str] = (),
        *,
        requisites: bool | str = True,
        on_outcome: Callable[[PageOutcome], None] | None = None,
        captured_since: Callable[[str], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        """`url` is one or several, separated by white space; `urls` come behind them.

        `on_outcome` is called once for each URL that is fetched, when it and its requisites have
        ended. `captured_since` tells whether a requisite is so fresh that it is not fetched again.
        """
        super().__init__(captured_since=captured_since, **kwargs)
        self._asked = [*url.split(), *(one.strip() for one in urls)]
        self._with_requisites = str(requisites).lower() not in ("false", "0", "no")
        self._on_outcome = on_outcome
        self._numbers: dict[str, int] = {}
        self._ends: dict[int, PageOutcome] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """As Scrapy's."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        if crawler.settings.get("PRESSMARK_ONDEMAND_ROBOTS") == "obey":
            crawler.settings.set("ROBOTSTXT_OBEY", True, priority="cmdline")
        else:
            spider._request_meta = {"dont_obey_robotstxt": True}
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Each URL once, in the order in which they were asked for."""
        for text in self._asked:
            try:
                url = check_url(text)
            except UrlError:
                continue  # `outcomes` says so
            if url in self._numbers:
                continue
            number = self._numbers[url] = len(self._numbers)
            self.open_page(url, number)
            if self._request_meta:
                for request in self.robots_requests(url):
                    yield request
            yield Request(
                url,
                callback=self.parse,
                errback=self.page_failed,
                meta={**self._request_meta, PAGE: number, "cookiejar": number},
                dont_filter=True,
            )

    def parse(self, response: Response, **_: Any) -> Iterator[Page | Request]:
        """The final response of a page."""
        progress = self._pages[response.meta[PAGE]]
        capture = capture_of(response)
        cut = capture is not None and capture.truncated is not None
        self._end(
            progress,
            final_url=response.url.partition("#")[0],
            capture=capture,
            error=explain_truncated(capture, progress.url) if capture and cut else None,
        )
        try:
            page = self.item(response)
            if page is not None:
                yield page
            if self._request_meta:
                yield from self.robots_requests(response.url)
            markup = self.markup(response) if self._with_requisites else None
            if markup is not None:
                via = response.url.partition("#")[0]
                yield from self.page_requisites(markup, progress, via)
        finally:
            self.request_ended(progress)

    def page_failed(self, failure: Failure) -> Iterator[Page | Request]:
        """No whole response of a page has come."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        if isinstance(failure.value, HttpError):
            yield from self.parse(failure.value.response)
            return
        self.note_capture(request)
        progress = self._pages[request.meta[PAGE]]
        capture = request.meta.get("capture")
        kept = capture if isinstance(capture, Capture) else None
        self._end(
            progress,
            final_url=kept.url if kept else None,
            capture=kept,
            error=explain_redirected(failure, progress.url, kept),
        )
        self.request_ended(progress)

    def _end(
        self,
        progress: Progress,
        *,
        final_url: str | None,
        capture: Capture | None,
        error: Explanation | None,
    ) -> None:
        self._ends[progress.number] = PageOutcome(
            url=progress.url,
            final_url=final_url,
            capture=capture,
            error=error.sentence if error else None,
            reason=error.reason if error else None,
        )

    def page_ended(self, progress: Progress) -> None:
        """Tell who waits for the page."""
        if self._on_outcome is not None:
            self._on_outcome(self._outcome(progress.url, progress))

    def outcomes(self) -> list[PageOutcome]:
        """One for each URL that was asked for, in that order, repeated ones too; at any time."""
        return [self._outcome_of(text) for text in self._asked]

    def _outcome_of(self, text: str) -> PageOutcome:
        try:
            number = self._numbers.get(check_url(text))
        except UrlError as error:
            return PageOutcome(url=text, error=str(error), reason="invalid-url")
        progress = self._pages.get(-1 if number is None else number)
        if progress is None:
            return PageOutcome(url=text, error=_stopped(text), reason="interrupted")
        return self._outcome(text, progress)

    def _outcome(self, text: str, progress: Progress) -> PageOutcome:
        end = self._ends.get(progress.number)
        return PageOutcome(
            url=text,
            final_url=end.final_url if end else None,
            capture=end.capture if end else None,
            chain=tuple(progress.chain),
            error=end.error if end else _stopped(text),
            reason=end.reason if end else "interrupted",
            requisites_ok=progress.ok,
            requisites_failed=progress.failed,
            requisites_left_out=progress.left_out,
            captures=progress.captures,
        )


def _stopped(url: str) -> str:
    return f"the crawl ended before {url} had been fetched; archive it again"
