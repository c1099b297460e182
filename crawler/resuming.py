"""Going on with an interrupted crawl: what it has captured is not fetched again.

The crawl begins again at its seeds, under the same job id, and every request that the job has made
before is answered out of the archive: the first one of a URL by its first capture, the second by
the second. So redirects, retries and links come out as they did, up to where the crawl was
interrupted, and from there on the network answers. The archive alone is asked: it does not matter
how the process before ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import timedelta

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.collection import Collection
from archive.errors import ArchiveError, IndexUnavailable, UrlError
from archive.index import CaptureQuery
from archive.model import Capture, Document
from archive.timestamps import to_datetime, to_timestamp
from crawler.pace import is_requisite
from crawler.recorder.target import target_url
from pipelines.recording import Recording

logger = logging.getLogger(__name__)

_STEP = timedelta(days=1)
"""How far the clock may have been set back since the job began."""

_SEARCHED = ("style", "frame")
"""Kinds of requisites whose bytes lead to others; of the rest only the status counts."""


class Resumption:
    """What a job has captured before, as answers to its requests."""

    def __init__(self, collection: Collection, recording: Recording) -> None:
        """The job is the recording's, whose counts take in what is answered."""
        job = recording.job or ""
        self._collection = collection
        self._recording = recording
        self._since = to_timestamp(to_datetime(job[:14]) - _STEP)
        self._left: dict[str, deque[Capture]] = {}
        self._answered: set[str] = set()

    async def answer(self, request: Request) -> Response | None:
        """What the job was answered the last time; None: the network has to be asked.

        Raises DownloadCancelledError for a response that was too large, as downloading it did.
        """
        if request.method != "GET":
            return None
        try:
            url = target_url(request.url)
            if url not in self._left:
                found = await asyncio.to_thread(self._patiently, url)
                self._left.setdefault(url, deque(found))
            if not self._left[url]:
                return None
            capture = self._left[url].popleft()
            response = await asyncio.to_thread(self._response, request, capture)
        except UrlError:
            return None  # what is wrong with it, the download says
        except IndexUnavailable:
            return None  # nothing can be kept either, and whoever writes says so
        except ArchiveError as error:
            logger.warning("%s is fetched again: %s", request.url, error)
            return None
        request.meta["capture"] = capture
        self._answered.add(capture.record_id)
        self._recording.counts["captures"] += 1
        self._recording.counts["revisits"] += capture.is_revisit
        if capture.truncated is not None:
            raise DownloadCancelledError(f"{request.url} was too large")
        return response

    def document(self, capture: Capture | None) -> Document | None:
        """The document of a capture that was answered with; None: it has yet to be made."""
        if capture is None or capture.record_id not in self._answered:
            return None
        try:
            document = self._collection.index.documents.of(capture)
        except IndexUnavailable:
            return None  # made once more, and kept when the database is back
        self._recording.counts["documents"] += document is not None
        return document

    def _patiently(self, url: str) -> list[Capture]:
        try:
            return self._captures(url)
        except IndexUnavailable:
            self._collection.index.wait()
            return self._captures(url)

    def _captures(self, url: str) -> list[Capture]:
        """Of the job, in the order in which they were made; not those that were interrupted."""
        query = CaptureQuery(url=url, start=self._since)
        return [
            capture
            for capture in self._collection.index.captures(query)
            if capture.job == self._recording.job
            and capture.url == url
            and capture.status
            and capture.truncated in (None, "length")
        ]

    def _response(self, request: Request, capture: Capture) -> Response:
        headers, body = Headers({"Content-Type": capture.mime}), b""
        if _is_read(request) or 300 <= capture.status < 400:
            memento = self._collection.open(capture)
            headers = Headers()
            for name, value in memento.head.headers:
                headers.appendlist(name, value)
            body = memento.payload
        kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
        return kind(url=request.url, status=capture.status, headers=headers, body=body)


class ResumptionMiddleware:
    """Downloader middleware next to the downloader: asks the spider's `resumption` first."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ResumptionMiddleware:
        """Called by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        """The answer that the job got before, if there is one."""
        resumption = getattr(self._crawler.spider, "resumption", None)
        return await resumption.answer(request) if isinstance(resumption, Resumption) else None


def _is_read(request: Request) -> bool:
    """Whether somebody looks into the body of the answer."""
    requisite = request.cb_kwargs.get("requisite")
    return not is_requisite(request) or getattr(requisite, "kind", None) in _SEARCHED
