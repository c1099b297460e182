"""A crawl in a process of its own: `python -m tests.crawler.guard.crawling < job.json`.

Twisted's reactor cannot be started twice in one process. With `guarded` off the crawl is one of
plain Scrapy, which shows that an attack is one. `names` stands in for the domain name system: for
each name the answers of its lookups, the last one for all further ones.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
from typing import Any

JOB: dict[str, Any] = json.load(sys.stdin) if __name__ == "__main__" else {}

_system_getaddrinfo = socket.getaddrinfo
_system_gethostbyname = socket.gethostbyname
_answers: dict[str, list[list[str]]] = JOB.get("names", {})


def _addresses(name: str) -> list[str]:
    answers = _answers[name]
    return answers.pop(0) if len(answers) > 1 else answers[0]


def _getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
    if host not in _answers:
        return _system_getaddrinfo(host, port, *args, **kwargs)
    return [
        entry
        for address in _addresses(host)
        for entry in _system_getaddrinfo(address, port, type=socket.SOCK_STREAM)
    ]


def _gethostbyname(host: str) -> str:
    return _addresses(host)[0] if host in _answers else _system_gethostbyname(host)


# Before Twisted is imported, which keeps the functions that it finds.
socket.getaddrinfo = _getaddrinfo
socket.gethostbyname = _gethostbyname

import asyncio  # noqa: E402 (Twisted must find the functions above)
import logging  # noqa: E402
from collections.abc import AsyncIterator, Sequence  # noqa: E402
from pathlib import Path  # noqa: E402

from scrapy import Request, Spider  # noqa: E402
from scrapy.crawler import AsyncCrawlerProcess, AsyncCrawlerRunner, Crawler  # noqa: E402
from scrapy.http import Response, TextResponse  # noqa: E402
from scrapy.utils.log import configure_logging  # noqa: E402
from twisted.python.failure import Failure  # noqa: E402

from archive.model import Capture, Exchange  # noqa: E402 (Twisted must find the functions above)
from crawler.addon import PressmarkAddon  # noqa: E402
from crawler.guard import resolver  # noqa: E402
from pipelines.keeper import attach  # noqa: E402 (Twisted must find the functions above)


class GuardAddon(PressmarkAddon):
    """Without the archive behind it: what is recorded goes to the test's keeper."""

    extensions = {}  # noqa: RUF012 (a ClassVar in the class that it is derived from)
    item_pipelines = {}  # noqa: RUF012 (likewise)


class DroppingKeeper:
    """Keeps nothing but what the test asks for: how each exchange was cut."""

    source = "test"
    job = None

    def __init__(self, folder: Path) -> None:
        self.spool = folder
        self.truncated: dict[str, list[str | None]] = {}

    async def keep(self, exchanges: Sequence[Exchange]) -> Sequence[Capture]:
        for exchange in exchanges:
            self.truncated.setdefault(exchange.url, []).append(exchange.truncated)
            exchange.request.close()
            exchange.response.close()
        return ()


class JobSpider(Spider):
    """Fetches what the job says, and notes what became of each request."""

    name = "job"

    def __init__(self, outcomes: list[dict[str, Any]]) -> None:
        super().__init__()
        self.outcomes = outcomes

    async def start(self) -> AsyncIterator[Any]:
        for number, fields in enumerate(JOB["requests"]):
            yield Request(
                fields["url"],
                headers=fields.get("headers"),
                meta=fields.get("meta", {}) | {"asked": number},
                callback=self.parse,
                errback=self.failed,
                dont_filter=True,
            )

    def parse(self, response: Response) -> Any:
        self.outcomes.append(
            {
                "asked": response.meta["asked"],
                "url": response.url,
                "status": response.status,
                "length": len(response.body),
                "flags": response.flags,
                "error": None,
            }
        )
        if isinstance(response, TextResponse):
            for link in response.css("a.follow::attr(href)").getall():
                yield response.follow(
                    link, self.parse, errback=self.failed, meta={"asked": response.meta["asked"]}
                )

    def failed(self, failure: Failure) -> None:
        request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        self.outcomes.append(
            {
                "asked": request.meta["asked"],
                "url": request.url,
                "error": type(failure.value).__name__,
                "message": str(failure.value),
            }
        )


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = {
        "ROBOTSTXT_OBEY": False,
        "RETRY_PRIORITY_ADJUST": 0,
        "DOWNLOAD_TIMEOUT": 20,
        "PRESSMARK_DELAY": 0,
        "LOG_LEVEL": "DEBUG",
        "LOG_COLOR": False,
    }
    if JOB["guarded"]:
        settings["ADDONS"] = {GuardAddon: 0}
    settings |= JOB.get("settings", {})
    return settings


def _spider() -> type[Spider]:
    return type("Job", (JobSpider,), {"custom_settings": JOB.get("spider_settings")})


def _crawl(outcomes: list[dict[str, Any]], keeper: DroppingKeeper) -> Crawler:
    if JOB.get("runner"):
        return _crawl_in_runner(outcomes, keeper)
    process = AsyncCrawlerProcess(_settings())
    crawler = process.create_crawler(_spider())
    attach(crawler, keeper)
    task = process.crawl(crawler, outcomes=outcomes)
    process.start()
    task.result()
    return crawler


def _crawl_in_runner(outcomes: list[dict[str, Any]], keeper: DroppingKeeper) -> Crawler:
    """As a worker does it: the reactor on a loop of its own."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    from twisted.internet import asyncioreactor

    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]  # Twisted's is not typed
    from twisted.internet import reactor as module

    reactor: Any = module  # Twisted's type of it is that of a module
    configure_logging(_settings())
    runner = AsyncCrawlerRunner(_settings())
    crawler = runner.create_crawler(_spider())
    attach(crawler, keeper)
    running: list[asyncio.Task[None]] = []

    async def run() -> None:
        try:
            await runner.crawl(crawler, outcomes=outcomes)
        finally:
            loop.call_soon(reactor.stop)

    loop.call_soon(lambda: running.append(loop.create_task(run())))
    reactor.run()
    running[0].result()
    return crawler


def _peak() -> int:
    """KiB. Not ru_maxrss, which begins with the size of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    """Run the job; its outcome goes to standard output, the log to standard error."""
    if JOB.get("memory"):
        resource.setrlimit(resource.RLIMIT_AS, (JOB["memory"], JOB["memory"]))
    resolver.CACHE_SECONDS = JOB.get("cache_seconds", resolver.CACHE_SECONDS)
    outcomes: list[dict[str, Any]] = []
    keeper = DroppingKeeper(Path(JOB["folder"]))
    logging.captureWarnings(True)
    crawler = _crawl(outcomes, keeper)
    json.dump(
        {
            "outcomes": sorted(outcomes, key=lambda outcome: int(outcome["asked"])),
            "truncated": keeper.truncated,
            "peak": _peak(),
            "settings": {
                name: str(crawler.settings.get(name)) for name in JOB.get("show_settings", [])
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
