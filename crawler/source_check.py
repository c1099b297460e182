"""Whether the places that sources start at can be had, and hold what they are taken for.

Nothing is archived: exchanges are recorded and guarded as in a crawl, and dropped.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import Signals
from typing import Any, ClassVar, cast

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.http import HtmlResponse, Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from archive.model import Capture, Exchange
from config.crawling import crawl_settings
from config.schema import Configuration
from config.sources import Source
from crawler.discovery.feeds import parse_feed
from crawler.discovery.links import links_of
from crawler.discovery.markup import parse_markup
from crawler.discovery.scope import Scope
from crawler.discovery.sitemaps import parse_sitemap
from crawler.reactor import Interruption, run
from crawler.runner import finish
from crawler.spiders.capturing import content_type
from crawler.spiders.failures import explain
from pipelines.extraction.prescan import refusal
from pipelines.keeper import attach


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one place of a source is like."""

    source: str
    kind: str  #: the key that names it: seeds, sections, feeds or sitemaps
    url: str
    ok: bool
    detail: str  #: one line

    def to_json(self) -> dict[str, Any]:
        """As it is printed."""
        return asdict(self)


class _Dropping:
    """A keeper that keeps nothing."""

    source = "check"
    job = None

    def __init__(self, spool: Path) -> None:
        self.spool = spool

    async def keep(self, exchanges: Sequence[Exchange]) -> Sequence[Capture]:
        """Drop the exchanges."""
        for exchange in exchanges:
            exchange.request.close()
            exchange.response.close()
        return []


class CheckSpider(Spider):
    """Fetches each place of the sources once."""

    name = "check"
    custom_settings: ClassVar[dict[str, Any]] = {  # type: ignore[misc]  # Scrapy's is an instance's
        "HTTPERROR_ALLOW_ALL": True,
        "RETRY_TIMES": 0,
    }

    def __init__(self, source: Source, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.findings: list[Finding] = []

    async def start(self) -> AsyncIterator[Request]:
        """Every place, in the order of the keys."""
        for kind in _LOOK:
            for url in getattr(self.source, kind):
                yield Request(
                    url,
                    errback=self.failed,
                    cb_kwargs={"kind": kind, "url": url},
                    dont_filter=True,
                )

    def parse(self, response: Response, **arguments: Any) -> None:
        """Look at what came."""
        kind = str(arguments["kind"])
        if response.status == 200:
            ok, detail = _LOOK[kind](self.source, response)
        else:
            ok, detail = False, f"the server answered {response.status}"
        self._note(kind, str(arguments["url"]), ok=ok, detail=detail)

    def failed(self, failure: Failure) -> None:
        """Nothing came."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        url = request.cb_kwargs["url"]
        detail = explain(failure, url, None).sentence
        self._note(request.cb_kwargs["kind"], url, ok=False, detail=detail)

    def _note(self, kind: str, url: str, *, ok: bool, detail: str) -> None:
        finding = Finding(source=self.source.name, kind=kind, url=url, ok=ok, detail=detail)
        self.findings.append(finding)


def check_sources(
    configuration: Configuration, sources: Sequence[Source]
) -> tuple[list[Finding], Signals | None]:
    """Fetch what the sources start at, and the signal that ended it early; once in a process."""

    async def main(interruption: Interruption) -> tuple[list[Finding], Signals | None]:
        findings: list[Finding] = []
        with tempfile.TemporaryDirectory() as folder:
            for source in sources:
                if interruption.once.is_set():
                    break
                findings += await _check(configuration, source, Path(folder), interruption)
        return findings, interruption.signal

    return run(main)


async def _check(
    configuration: Configuration, source: Source, folder: Path, interruption: Interruption
) -> list[Finding]:
    settings = Settings()
    settings.setmodule("config.settings", priority="project")
    for name, value in crawl_settings(configuration, source).items():
        settings.set(name, value, priority="cmdline")
    crawler = Crawler(CheckSpider, settings)
    attach(crawler, _Dropping(folder))
    crawl = AsyncCrawlerRunner(settings).crawl(crawler, source=source)
    await finish(crawl, crawler, interruption)
    return cast("CheckSpider", crawler.spider).findings


def _look_at_page(source: Source, response: Response) -> tuple[bool, str]:
    if not isinstance(response, HtmlResponse):
        return False, f"is {content_type(response) or 'of no type'}, not a page"
    if (refused := refusal(response.body)) is not None:
        return False, f"cannot be searched for links: {refused}"
    markup = parse_markup(response.text, response.url)
    scope = Scope.of(
        (*source.seeds, *source.sections),
        source.include,
        source.exclude,
    )
    links = [link.url for link in links_of(markup)]
    ours = [url for url in links if scope.decide(url).allowed]
    return True, f"{len(links)} links, {len(ours)} in scope"


def _look_at_feed(_: Source, response: Response) -> tuple[bool, str]:
    feed = parse_feed(response.body, response.url, content_type(response))
    return feed.error is None, feed.error or f"{len(feed.entries)} entries"


def _look_at_sitemap(_: Source, response: Response) -> tuple[bool, str]:
    sitemap = parse_sitemap(response.body, response.url, content_type(response))
    found = f"{len(sitemap.entries)} pages, {len(sitemap.sitemaps)} sitemaps"
    return sitemap.error is None, sitemap.error or found


_LOOK: dict[str, Callable[[Source, Response], tuple[bool, str]]] = {
    "seeds": _look_at_page,
    "sections": _look_at_page,
    "feeds": _look_at_feed,
    "sitemaps": _look_at_sitemap,
}
