"""The download handler for http and https: nothing is downloaded that is not kept."""

from __future__ import annotations

import asyncio
import dataclasses
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.asyncio import is_asyncio_available

from archive.errors import UrlError, WriteError
from archive.model import Connection, Exchange, Kind, Truncation
from crawler.guard.rate import RateFloor
from crawler.guard.resolver import networks_of
from crawler.pace import LIST, begin_no_more, is_requisite
from crawler.recorder.certificates import why_unverified
from crawler.recorder.protocol import Attempts, RecordingPool
from crawler.recorder.recording import Recording
from crawler.recorder.redaction import Redactor
from crawler.recorder.target import target_url
from crawler.recorder.truncation import Outcome, truncation
from pipelines.keeper import keeper_of

_VERDICTS = 1000
"""Certificate chains and hosts whose verification is remembered in a crawl."""


class RecordingDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's own handler, with every exchange of a download given to the crawl's keeper.

    `request.meta["capture"]` is the Capture of the download's last exchange, or None. A download
    whose exchanges cannot be kept fails with WriteError, and the crawl is closed. Settings:
    PRESSMARK_SECRETS (values that no stored request header may hold; those of PRESSMARK_HEADERS
    count too), PRESSMARK_KEEP_SECRETS (store them all the same), PRESSMARK_ALLOW_NETWORKS.
    `request.meta["pressmark_via"]` names the page that led here.
    """

    # Made with the first request: by then `spider_opened` has attached a keeper.
    lazy = True
    _pool: RecordingPool

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not is_asyncio_available():
            raise RuntimeError("the recording download handler needs Scrapy's asyncio reactor")
        keeper = keeper_of(crawler)
        if keeper is None:
            raise RuntimeError(
                "the recording download handler has nowhere to keep what it records: enable it "
                "through the Pressmark add-on in ADDONS, not by DOWNLOAD_HANDLERS alone"
            )
        self._keeper = keeper
        self._redactor = Redactor(
            _secrets(crawler.settings),
            keep=crawler.settings.getbool("PRESSMARK_KEEP_SECRETS"),
        )
        self._verdicts: dict[tuple[tuple[bytes, ...], str], str | None] = {}
        from twisted.internet import reactor

        limit = self._pool.maxPersistentPerHost
        self._pool = RecordingPool(
            reactor, networks_of(crawler.settings), RateFloor.of(crawler.settings)
        )
        self._pool.maxPersistentPerHost = limit

    async def download_request(self, request: Request) -> Response:
        """Raises WriteError, UrlError or AddressRefused beside what Scrapy's handler raises."""
        request.meta["capture"] = None
        url = target_url(request.url)
        attempts = Attempts(urlsplit(url).hostname or "", self._keeper.spool)
        self._pool.attempts = attempts
        try:
            # Up to the connection that the pool hands out, this runs without a break.
            response = await super().download_request(request)
        except (Exception, asyncio.CancelledError) as error:
            await self._keep(request, url, attempts.recordings, error)
            refusal = attempts.recordings[-1].refusal if attempts.recordings else None
            if refusal is not None:
                # Scrapy and Twisted call it a failed download, which is tried again.
                raise refusal from error
            raise
        await self._keep(request, url, attempts.recordings, response)
        return response

    async def _keep(
        self,
        request: Request,
        url: str,
        recordings: list[Recording],
        outcome: Outcome,
    ) -> None:
        """Have the keeper keep what was answered. Raises WriteError."""
        for recording in recordings:
            recording.close()
        try:
            exchanges = await self._exchanges(request, url, recordings, outcome)
            captures = await self._keeper.keep(exchanges) if exchanges else ()
        except WriteError:
            _stop_crawl(self._crawler, "write_error")
            raise
        self._count("exchanges", len(captures))
        if captures:
            request.meta["capture"] = captures[-1]

    async def _exchanges(
        self, request: Request, url: str, recordings: list[Recording], outcome: Outcome
    ) -> list[Exchange]:
        """The exchanges that were answered; the others are dropped. Raises WriteError."""
        exchanges: list[Exchange] = []
        try:
            for recording in recordings:
                if recording.failure is not None:
                    raise recording.failure
                if not recording.response.size:
                    self._count("unanswered", 1)
                    recording.discard()
                    continue
                # Twisted tries again only what failed, so that the outcome is the last one's.
                last = recording is recordings[-1]
                why = truncation(
                    recording,
                    outcome if last else ConnectionError(),
                    self._limit(request),
                )
                exchanges.append(await self._exchange(request, url, recording, why))
        except OSError as error:
            for recording in recordings:
                recording.discard()
            raise WriteError(url, error) from error
        return exchanges

    async def _exchange(
        self, request: Request, url: str, recording: Recording, truncated: Truncation | None
    ) -> Exchange:
        block, redacted = self._redactor.redact(recording.request, self._keeper.spool)
        head = recording.head
        if truncated is not None:
            self._count(f"truncated/{truncated}", 1)
        return Exchange(
            url=url,
            method=request.method,
            started=recording.started,
            request=block,
            response=recording.response,
            head_length=head.length if head else 0,
            status=head.status if head else 0,
            mime=head.mime if head else "unk",
            connection=await self._verified(recording.connection, url),
            truncated=truncated,
            redacted=redacted,
            via=_via(request),
            source=self._keeper.source,
            job=self._keeper.job,
            kind=_kind(request, url),
            digest=recording.digest,
        )

    async def _verified(self, connection: Connection | None, url: str) -> Connection:
        """The connection with the verdict on its certificates, which Scrapy does not insist on."""
        if connection is None or not connection.certificates:
            return connection or Connection()
        key = connection.certificates, urlsplit(url).hostname or ""
        if key not in self._verdicts:
            if len(self._verdicts) >= _VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = await asyncio.to_thread(why_unverified, *key)
        reason = self._verdicts[key]
        return dataclasses.replace(connection, verified=reason is None, verification=reason)

    def _limit(self, request: Request) -> int:
        """Bytes that the body may have, as Scrapy's handler reckons it; 0: any number."""
        default = getattr(self._crawler.spider, "download_maxsize", self._default_maxsize)
        return int(request.meta.get("download_maxsize", default))

    def _count(self, what: str, number: int) -> None:
        if number:
            self._crawler.stats.inc_value(f"recorder/{what}", number)


_stopping: WeakKeyDictionary[Crawler, asyncio.Task[None]] = WeakKeyDictionary()


def _stop_crawl(crawler: Crawler, reason: str) -> None:
    """Close the spider, once, while whoever calls this goes on to fail."""
    engine = crawler.engine
    if engine.spider is None or crawler in _stopping:
        return

    async def close() -> None:
        closing = asyncio.ensure_future(engine.close_spider_async(reason=reason))
        await asyncio.sleep(0)  # first the engine closes: what is dropped must not be scheduled
        begin_no_more(crawler)
        await closing

    task = asyncio.get_running_loop().create_task(close())
    _stopping[crawler] = task
    # The task holds the crawler; when it is done, there is no spider left to close.
    task.add_done_callback(lambda _: _stopping.pop(crawler, None))


def _secrets(settings: BaseSettings) -> list[str]:
    """The configured values that no stored request header may hold."""
    headers = settings.getdict("PRESSMARK_HEADERS").values()
    sent = [value for fields in headers for value in fields.values()]
    return [*settings.getlist("PRESSMARK_SECRETS"), *sent]


def _kind(request: Request, url: str) -> Kind | None:
    """What a request is for; robots.txt is asked for by a middleware that says nothing of it."""
    if request.meta.get(LIST):
        return "list"
    robots = urlsplit(url).path == "/robots.txt"
    return "requisite" if robots or is_requisite(request) else None


def _via(request: Request) -> str | None:
    """The page that led to a request: the one that redirected to it, or the one it is part of."""
    redirects = request.meta.get("redirect_urls")
    url = redirects[-1] if redirects else request.meta.get("pressmark_via")
    try:
        return target_url(url) if url else None
    except UrlError:
        return None  # a page that is not of the web, such as about:blank, led nowhere
