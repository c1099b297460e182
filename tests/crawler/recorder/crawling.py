"""A crawl in a process of its own: `python -m tests.crawler.recorder.crawling JOB.json`.

Twisted's reactor cannot be started twice in one process. The job's `requests` are fetched, and
what the handler gave to the keeper is written to the job's folder for the test to read.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import re
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.errors import WriteError
from archive.model import Capture, Exchange
from archive.timestamps import to_timestamp
from crawler.recorder.captured import capture_of
from pipelines.keeper import attach

HANDLER = "crawler.recorder.handler.RecordingDownloadHandler"


class FolderKeeper:
    """Writes each exchange to files of its own."""

    source = "test"
    job = "job-1"

    def __init__(self, folder: Path, *, spool: bool = True, fail_after: int | None = None) -> None:
        self.spool = folder / "spool"
        if spool:
            self.spool.mkdir()
        self._folder = folder
        self._fail_after = fail_after
        self._number = 0

    async def keep(self, exchanges: Sequence[Exchange]) -> Sequence[Capture]:
        await asyncio.sleep(0)
        return [self._write(exchange) for exchange in exchanges]

    def _write(self, exchange: Exchange) -> Capture:
        if self._fail_after is not None and self._number >= self._fail_after:
            raise WriteError(exchange.url, OSError(28, "No space left on device"))
        self._number += 1
        name = f"{self._number:05d}"
        described = {
            field.name: getattr(exchange, field.name)
            for field in dataclasses.fields(exchange)
            if field.name not in ("request", "response", "digest", "connection", "started")
        }
        described |= {
            "n": self._number,
            "started": exchange.started.isoformat(),
            "connection": dataclasses.asdict(exchange.connection)
            | {"certificates": [der.hex() for der in exchange.connection.certificates]},
            "streamed": exchange.digest.size,
            "spilled": exchange.response.spilled,
            "block_digest": exchange.block_digest(),
            "payload_digest": exchange.payload_digest(),
        }
        for kind, block in (("request", exchange.request), ("response", exchange.response)):
            with (self._folder / f"{name}.{kind}").open("wb") as file:
                file.writelines(block.pieces())
            block.close()
        with (self._folder / "exchanges.jsonl").open("a") as log:
            log.write(json.dumps(described) + "\n")
        return Capture(
            urlkey="",
            timestamp=to_timestamp(exchange.started),
            url=exchange.url,
            mime=exchange.mime,
            status=exchange.status,
            digest=described["payload_digest"],
            filename=name,
            offset=self._number,
            length=0,
            record_id="",
            source=self.source,
        )


class JobSpider(Spider):
    """Fetches what the job says, and notes what became of each request."""

    name = "job"

    def __init__(self, job: dict[str, Any], outcomes: list[dict[str, Any]]) -> None:
        super().__init__()
        self.job = job
        self.outcomes = outcomes
        self.tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> AsyncIterator[Any]:
        for number, fields in enumerate(self.job["requests"]):
            yield self._request(number, fields)

    def _request(self, number: int, fields: dict[str, Any]) -> Request:
        return Request(
            fields["url"],
            method=fields.get("method", "GET"),
            headers=fields.get("headers"),
            body=base64.b64decode(fields.get("body", "")),
            meta=fields.get("meta", {}) | {"number": number},
            callback=self.parse,
            errback=self.failed,
            dont_filter=True,
        )

    def parse(self, response: Response) -> Any:
        self._note(response.request, response, None)
        number = response.meta["number"]
        then = self.job["requests"][number].pop("then", None)
        if then:
            yield self._request(number, then)

    def failed(self, failure: Failure) -> None:
        response = getattr(failure.value, "response", None)
        self._note(failure.request, response, failure.value)  # type: ignore[attr-defined] # Scrapy sets it

    def _note(self, request: Any, response: Response | None, error: BaseException | None) -> None:
        capture = request.meta.get("capture")
        kept = capture_of(response) if response is not None and response.request else capture
        self.outcomes.append(
            {
                "number": request.meta["number"],
                "url": request.url,
                "status": response.status if response is not None else None,
                "flags": response.flags if response is not None else [],
                "length": len(response.body) if response is not None else 0,
                "error": type(error).__name__ if error else None,
                "message": str(error),
                "capture": capture.filename if capture else None,
                "capture_of": kept.filename if kept else None,
            }
        )


def _hook(spider: JobSpider, request: Request, moment: str) -> None:
    """Do what `meta["hook"]` asks for at this moment of the download."""
    hook = request.meta.get("hook")
    if hook == f"stop at {moment}":
        raise StopDownload(fail=False)
    if hook == f"fail at {moment}":
        raise StopDownload(fail=True)
    if hook == f"close at {moment}":
        closing = spider.crawler.engine.close_spider_async(reason="enough")
        spider.tasks.add(asyncio.ensure_future(closing))
    if hook == f"cancel at {moment}":
        for task in asyncio.all_tasks():  # the handler's, as a shutdown does
            frame = task.get_stack()[-1] if task.get_stack() else None
            if frame is not None and frame.f_locals.get("request") is request:
                asyncio.get_running_loop().call_soon(task.cancel)


def _headers_received(request: Request, spider: JobSpider) -> None:
    _hook(spider, request, "headers")


def _bytes_received(request: Request, spider: JobSpider) -> None:
    _hook(spider, request, "bytes")


def _peak() -> int:
    """Largest resident size so far, kB; getrusage would count the parent's before exec."""
    match = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert match is not None
    return int(match[1])


def main(job_file: Path) -> None:
    job = json.loads(job_file.read_text())
    folder = job_file.parent
    handlers = {"http": HANDLER, "https": HANDLER}
    defaults: dict[str, Any] = {
        "DOWNLOAD_HANDLERS": {} if job.get("bare") else handlers,
        "PRESSMARK_ALLOW_NETWORKS": ["127.0.0.0/8", "::1/128"],
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "HTTPPROXY_ENABLED": False,
        "COOKIES_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "LOG_LEVEL": "INFO",
        "TWISTED_DNS_RESOLVER": "crawler.guard.resolver.ProcessResolver",
        "USER_AGENT": "recorder-test",
    }
    process = AsyncCrawlerProcess(settings=defaults | job.get("settings", {}))
    crawler: Crawler = process.create_crawler(JobSpider)
    if job.get("keeper", True) and not job.get("bare"):
        keeper = FolderKeeper(
            folder, spool=job.get("spool", True), fail_after=job.get("fail_after")
        )
        attach(crawler, keeper)
    crawler.signals.connect(_headers_received, signals.headers_received)
    crawler.signals.connect(_bytes_received, signals.bytes_received)
    outcomes: list[dict[str, Any]] = []
    process.crawl(crawler, job=job, outcomes=outcomes)
    process.start()
    stats = crawler.stats.get_stats()
    summary = {
        "outcomes": outcomes,
        "stats": {key: value for key, value in stats.items() if isinstance(value, int | str)},
        "peak": _peak(),
    }
    (folder / "summary.json").write_text(json.dumps(summary))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
