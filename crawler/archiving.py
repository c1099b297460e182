"""On-demand archiving: URLs in, one result a URL, stored or said to be not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from archive.documents import to_json as document_to_json
from archive.errors import IndexFailure, UrlError
from archive.index import CaptureQuery, Index
from archive.model import Capture, Document, SegmentState, stored_fields
from archive.progress import Advance
from archive.timestamps import now, to_timestamp
from config.crawling import crawl_settings
from crawler.runner import Runner
from crawler.sealing import seal_quietly
from crawler.spiders.failures import Reason
from crawler.spiders.page import PageOutcome, PageSpider
from pipelines.items import Page

SOURCE = "ondemand"
"""Source name of what people name by its URL."""

FRESH_SECONDS = 24 * 3600
"""A requisite captured within this time is not fetched again."""

NOT_STORED = "kept in the spool, not stored"
"""Begins the error of a URL that is captured and not stored; the reason follows."""

_DOCUMENT_FIELDS = ("title", "authors", "date", "language", "text_digest", "quality", "words")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveResult:
    """What became of one URL."""

    outcome: PageOutcome
    state: SegmentState | None  #: None: not a byte was kept
    document: Document | None
    error: str | None  #: one sentence; None when all is well
    reason: Reason | None  #: of the error, in a word

    @property
    def ok(self) -> bool:
        """Whether the final response was received whole and is stored."""
        return self.error is None and self.state == "stored"

    def to_json(self) -> dict[str, Any]:
        """The fields of the contract."""
        return {
            "ok": self.ok,
            "state": self.state,
            "url": self.outcome.url,
            "final_url": self.outcome.final_url,
            **stored_fields(self.outcome.capture),
            "document": _document_fields(self.document),
            "captures": self.outcome.captures,
            "requisites": {
                "ok": self.outcome.requisites_ok,
                "failed": self.outcome.requisites_failed,
            },
            "error": self.error,
        }


async def archive_urls(
    runner: Runner, urls: Sequence[str], advance: Advance
) -> list[ArchiveResult]:
    """Capture the URLs, seal, wait for the store; one result a URL, in their order.

    A write that failed is told by the results' errors and `session.writer.failure`. Raises
    StoreError, IndexFailure.
    """
    session = runner.session
    recording = session.recording(SOURCE)
    documents: dict[tuple[str, int], Document] = {}
    ended = 0

    def on_item(item: object) -> None:
        if isinstance(item, Page) and item.document is not None:
            documents[item.document.filename, item.document.offset] = item.document

    def on_outcome(_: PageOutcome) -> None:
        nonlocal ended
        ended += 1
        advance(ended, len(set(urls)))

    configuration = session.configuration
    obey = configuration.ondemand.robots == "obey"
    settings = {
        **crawl_settings(configuration),
        "COOKIES_ENABLED": True,  # a jar a page: the spider sees to that
        "PRESSMARK_ONDEMAND_ROBOTS": configuration.ondemand.robots,
        "ROBOTSTXT_OBEY": obey,
    }
    advance(0, len(set(urls)))
    crawler = await runner.crawl(
        PageSpider,
        recording,
        settings,
        on_item=on_item,
        arguments={
            "urls": list(urls),
            "on_outcome": on_outcome,
            "captured_since": fresh(session.collection.index),
        },
        patience=configuration.store_wait,
    )
    await seal_quietly(session, runner.interruption)
    spider = cast("PageSpider", crawler.spider)
    return [_result(runner, outcome, documents) for outcome in spider.outcomes()]


def fresh(index: Index, besides: str | None = None) -> Callable[[str], bool]:
    """Whether a URL was captured successfully within 24 hours, by other jobs than `besides`."""

    def captured(url: str) -> bool:
        since = to_timestamp(now() - timedelta(seconds=FRESH_SECONDS))
        try:
            if besides is None or not index.captured_since(url, since):
                return index.captured_since(url, since)
            return any(
                capture.job != besides and capture.url == url and 200 <= capture.status < 300
                for capture in index.captures(CaptureQuery(url=url, start=since))
            )
        except (UrlError, IndexFailure):
            # Fetching it tells what is wrong with the URL, and keeping it what is with the index.
            return False

    return captured


def _result(
    runner: Runner, outcome: PageOutcome, documents: dict[tuple[str, int], Document]
) -> ArchiveResult:
    state: SegmentState | None = None
    failure = runner.session.writer.failure or runner.failure
    error, reason = outcome.error, outcome.reason
    if failure is not None and not outcome.ok:
        error, reason = str(failure), "not-stored"
    document = None
    if outcome.capture is not None:
        state = state_of(runner, outcome.chain or (outcome.capture,))
        document = documents.get((outcome.capture.filename, outcome.capture.offset))
        if state == "spooled" and error is None:
            cause = runner.session.upload_error() or failure or "the work was interrupted"
            error, reason = f"{NOT_STORED}: {cause}", "not-stored"
    return ArchiveResult(
        outcome=outcome, state=state, document=document, error=error, reason=reason
    )


def state_of(runner: Runner, captures: Sequence[Capture]) -> SegmentState:
    """`stored` when all of them are."""
    session = runner.session
    return "stored" if all(session.is_stored(capture) for capture in captures) else "spooled"


def _document_fields(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    values = document_to_json(document)
    return {name: values[name] for name in _DOCUMENT_FIELDS}
