"""The spider `news`: one source, from its seeds, sections, feeds and sitemaps to its articles."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.errors import UrlError, WriteError
from archive.model import Capture
from config.crawling import crawl_settings
from config.errors import ConfigurationError
from config.load import load
from config.sources import Source
from crawler.discovery.feeds import parse_feed
from crawler.discovery.links import links_of
from crawler.discovery.scope import Scope
from crawler.discovery.sitemaps import parse_sitemap
from crawler.pace import LIST, NotBegun
from crawler.recorder.captured import capture_of
from crawler.spiders.ad_hoc import ad_hoc
from crawler.spiders.budget import Candidate
from crawler.spiders.capturing import PAGE, CapturingSpider, Progress, content_type
from crawler.spiders.failures import explain, explain_truncated
from crawler.spiders.frontier import Frontier
from pipelines.items import Page

logger = logging.getLogger(__name__)

_DOCUMENT = "pressmark_document"  # key of request.meta: the request holds a place of the budget
_LISTS = 20  # priority of feeds and sitemaps, before documents
_SITEMAP_DEPTH = 3  # an index of indexes is the most that is followed
_WRONG_USAGE = 2  # exit status
_ERRORS = 1000  # sentences that are kept for the command


class NewsSpider(CapturingSpider):
    """Crawls one source. Its settings: those of CapturingSpider; robots by ROBOTSTXT_OBEY.

    `errors` has a sentence for each document, feed or sitemap that could not be had, up to 1000.
    """

    name = "news"

    def __init__(
        self,
        source: Source | str = "",
        url: str = "",
        depth: int | str | None = None,
        limit: int | str | None = None,
        *,
        captured_since: Callable[[str], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        """A source, or `url` for a crawl ad hoc; `depth` and `limit` win over the source's own.

        `source` as a name needs `from_crawler`. Raises ConfigurationError or UrlError.
        """
        super().__init__(captured_since=captured_since, **kwargs)
        if url and not source:
            source = ad_hoc(url)
        if not isinstance(source, Source):
            raise ConfigurationError(
                "nothing to crawl: give the name of a source or a URL "
                "(scrapy crawl news -a source=NAME, or -a url=URL)"
            )
        self.source = source
        self.source_name = source.name
        self._frontier = Frontier(
            Scope.of((*source.seeds, *source.sections), source.include, source.exclude),
            depth=source.depth if depth is None else int(depth),
            limit=source.limit if limit is None else int(limit),
        )
        self.errors: list[str] = []
        self._sitemaps: set[str] = set()
        self._last_page = 0
        self._unkept = 0
        if source.robots == "ignore":
            self._request_meta = {"dont_obey_robotstxt": True}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """As Scrapy's. The name of a source is looked up in pressmark.yaml, and so are its pace and
        the rest of its settings, or those for a URL ad hoc. A name or URL that is wrong ends the
        process with status 2, and the reason in the log."""
        if isinstance(kwargs.get("source"), Source):
            spider = super().from_crawler(crawler, *args, **kwargs)
        else:
            try:
                spider = cls._from_names(crawler, *args, **kwargs)
            except (ConfigurationError, UrlError) as error:
                # What else is raised here, Scrapy shows as a traceback.
                logger.error("%s", error)
                raise SystemExit(_WRONG_USAGE) from error
        crawler.signals.connect(spider.request_dropped, signal=signals.request_dropped)
        return spider

    @classmethod
    def _from_names(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        named, url = kwargs.get("source"), kwargs.get("url")
        if named or url:
            configuration = load()
            source = (
                configuration.source(named)
                if named
                else configuration.with_defaults(ad_hoc(str(url)))
            )
            kwargs["source"] = source
            for setting, value in crawl_settings(configuration, source).items():
                crawler.settings.set(setting, value, priority="spider")
        return super().from_crawler(crawler, *args, **kwargs)

    async def start(self) -> AsyncIterator[Request]:
        """Feeds and sitemaps first: what they list is the newest."""
        for url in dict.fromkeys(self.source.feeds):
            yield self._list_request(url, self.parse_feed)
        for url in dict.fromkeys(self.source.sitemaps):
            self._sitemaps.add(url)
            yield self._list_request(url, self.parse_sitemap, level=1)
        for url in dict.fromkeys((*self.source.seeds, *self.source.sections)):
            for candidate in self._frontier.start(url):
                for request in self._requests(candidate):
                    yield request

    def _list_request(
        self, url: str, callback: Callable[..., Any], via: str | None = None, **arguments: Any
    ) -> Request:
        return Request(
            url,
            callback=callback,
            errback=self.list_failed,
            cb_kwargs=arguments,
            meta={**self._request_meta, LIST: True, "pressmark_via": via},
            dont_filter=True,
            priority=_LISTS,
        )

    # Feeds and sitemaps

    def parse_feed(self, response: Response) -> Iterator[Request]:
        """Links of a feed."""
        error = _status_error(response)
        if error is None:
            feed = parse_feed(response.body, response.url, content_type(response))
            error = feed.error
            yield from self._follow((entry.url for entry in feed.entries), response.url, 1)
        if error is not None:
            self.count("feed_errors")
            self._note(f"the feed {response.url} cannot be used: {error}; correct it in feeds")

    def parse_sitemap(self, response: Response, level: int) -> Iterator[Request]:
        """Links of a sitemap, and the sitemaps of an index."""
        error = _status_error(response)
        if error is None:
            sitemap = parse_sitemap(response.body, response.url, content_type(response))
            error = sitemap.error
            yield from self._follow((entry.url for entry in sitemap.entries), response.url, 1)
            for url in sitemap.sitemaps if level < _SITEMAP_DEPTH else ():
                if url in self._sitemaps or self._frontier.is_full:
                    continue
                self._sitemaps.add(url)
                try:
                    yield self._list_request(
                        url, self.parse_sitemap, via=response.url, level=level + 1
                    )
                except ValueError:  # Scrapy's, for a URL that it cannot make sense of
                    self.count("invalid_urls")
        if error is not None:
            self.count("sitemap_errors")
            self._note(
                f"the sitemap {response.url} cannot be used: {error}; correct it in sitemaps"
            )

    def list_failed(self, failure: Failure) -> None:
        """A feed or sitemap has not come; the crawl goes on."""
        if isinstance(failure.value, NotBegun):
            return
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        self.count("sitemap_errors" if "level" in request.cb_kwargs else "feed_errors")
        if self._is_unkept(failure):
            return
        capture = request.meta.get("capture")
        kept = capture if isinstance(capture, Capture) else None
        self._note(explain(failure, request.url, kept).sentence)

    # Documents

    def _follow(self, urls: Iterable[str], via: str, depth: int) -> Iterator[Request]:
        """Requests for those of the URLs that the crawl asks for."""
        for candidate in self._frontier.follow(urls, via, depth):
            yield from self._requests(candidate)

    def _requests(self, candidate: Candidate | None) -> Iterator[Request]:
        """The request for a candidate that has got a place."""
        while candidate is not None:
            try:
                request = Request(
                    candidate.url,
                    callback=self.parse,
                    errback=self.document_failed,
                    cb_kwargs={"depth": candidate.depth},
                    meta={
                        **self._request_meta,
                        _DOCUMENT: True,
                        "pressmark_via": candidate.via,
                    },
                    priority=-candidate.depth,
                )
            except ValueError:  # Scrapy's, for a URL that it cannot make sense of
                self.count("invalid_urls")
                candidate = self._frontier.give_back()
                continue
            if self.source.robots == "ignore":
                yield from self.robots_requests(candidate.url)
            if self.source.requisites:
                self._last_page += 1
                request.meta[PAGE] = self._last_page
                self.open_page(candidate.url, self._last_page)
            yield request
            return

    def parse(self, response: Response, depth: int = 0, **_: Any) -> Iterator[Page | Request]:
        """A document has come."""
        progress = self._pages.get(response.meta.get(PAGE, -1))
        url = response.url.partition("#")[0]
        self._frontier.came(url)
        capture = capture_of(response)
        if capture is not None and capture.truncated is not None:
            self._error(explain_truncated(capture, url).sentence)
        if not depth and response.status >= 400:
            self._error(f"{_start_of(response)} answered {response.status}: correct the URL")
        try:
            page = self.item(response)
            if page is None:
                return
            self.count("pages")
            yield page
            wanted = depth < self._frontier.depth and response.status < 300
            if not wanted and (progress is None or response.status >= 400):
                return
            markup = self.markup(response)
            if markup is None:
                return
            if progress is not None and response.status < 400:
                yield from self.page_requisites(markup, progress, url)
            if wanted:
                if not depth:
                    self._frontier.widen(url)
                links = (link.url for link in links_of(markup) if not link.nofollow)
                yield from self._follow(links, url, depth + 1)
        finally:
            if progress is not None:
                self.request_ended(progress)

    def document_failed(self, failure: Failure) -> Iterator[Request]:
        """No whole document has come; its place goes to the next."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        capture = request.meta.get("capture")
        kept = capture if isinstance(capture, Capture) else None
        if self._is_unkept(failure):
            self.count("errors")
        elif not isinstance(failure.value, NotBegun):
            self._error(explain(failure, request.url, kept).sentence)
        self._close(request)
        yield from self._requests(self._frontier.give_back())

    def request_dropped(self, request: Request) -> None:
        """The scheduler knows the URL already, in another spelling or as a redirect's target."""
        if not request.meta.get(_DOCUMENT):
            return
        if request.url in request.meta.get("redirect_urls", ()):
            self._error(f"{request.url} redirects in a loop; correct the URL")
        self._close(request)
        for follower in self._requests(self._frontier.give_back()):
            if self.crawler.engine is not None:
                self.crawler.engine.crawl(follower)

    def _close(self, request: Request) -> None:
        progress = self._pages.get(request.meta.get(PAGE, -1))
        if progress is not None:
            self.request_ended(progress)

    def page_ended(self, progress: Progress) -> None:
        """Nothing is kept of a page that is done."""
        del self._pages[progress.number]

    def _is_unkept(self, failure: Failure) -> bool:
        """Whether it came and could not be kept. That ends the crawl, and is said of that once."""
        unkept = isinstance(failure.value, WriteError)
        self._unkept += unkept
        return unkept

    def closed(self, reason: str) -> None:  # noqa: ARG002 - Scrapy passes it by name
        """Called by Scrapy at the end."""
        frontier = self._frontier
        self.count("out_of_scope", frontier.left_out)
        if frontier.scope.include and frontier.left_out and not frontier.followed:
            logger.warning(
                "%s: %d links were found, none of them in scope: check `include`",
                self.source_name,
                frontier.left_out,
            )
        if self._unkept:
            logger.warning(
                "%s: %d answers that had come were not kept; the next crawl asks for them again",
                self.source_name,
                self._unkept,
            )

    def _error(self, sentence: str) -> None:
        self.count("errors")
        self._note(sentence)

    def _note(self, sentence: str) -> None:
        logger.warning("%s", sentence)
        if len(self.errors) < _ERRORS:
            self.errors.append(sentence)


def _start_of(response: Response) -> str:
    asked = next(iter(response.meta.get("redirect_urls", ())), response.url)
    return asked if asked == response.url else f"{asked} redirects to {response.url}, which"


def _status_error(response: Response) -> str | None:
    return None if response.status == 200 else f"its server answered {response.status}"
