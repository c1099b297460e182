"""One crawl of a benchmark site, in a process of its own; prints one JSON line.

    python -m benchmarks.crawl MODE PORT PAGES HOME

bare       Scrapy alone          capture    + WARC and index, through the add-on
alike      Scrapy alone, with as few tasks a response as the add-on allows
inline     bare + trafilatura    text       capture + text in worker processes
pool       bare + trafilatura in a process for each core, and nothing kept
bare-large, capture-large        four bodies of 50 MB at once
unsynced   capture, and nothing waits for the disk
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response, TextResponse

if TYPE_CHECKING:
    from _typeshed import HasFileno

_CONCURRENT = 16
_ITEMS_AT_ONCE = 8  # what crawler.addon makes of CONCURRENT_ITEMS


class BenchSpider(scrapy.Spider):
    """Fetches every page, looks for its links, and hands it on where text is wanted."""

    name = "bench"

    def __init__(self, port: int, pages: int, mode: str) -> None:
        super().__init__()
        self.port, self.pages, self.mode = port, pages, mode
        self.seen = 0
        cores = len(os.sched_getaffinity(0))
        self.pool = ProcessPoolExecutor(cores) if mode == "pool" else None
        self.began = self.cpu_before = 0.0

    async def start(self) -> AsyncIterator[Any]:
        """One request a page. What is measured begins here: Scrapy and we are loaded."""
        self.began, self.cpu_before = time.monotonic(), _cpu(resource.RUSAGE_SELF)
        root = f"http://127.0.0.1:{self.port}"
        if self.mode.endswith("large"):
            for n in range(4):
                yield scrapy.Request(f"{root}/large/50?{n}")
            return
        for n in range(self.pages):
            callback = self.parse if self.pool is None else self.parse_in_pool
            yield scrapy.Request(f"{root}/page/{n}", callback)

    def parse(self, response: Response, **_: Any) -> Any:
        """Links of the page, and its text in the way of the mode."""
        self.seen += 1
        if not isinstance(response, TextResponse):
            return
        response.xpath("//a/@href").getall()
        if self.mode == "inline":
            _extract(response.text, response.url)
        elif self.mode == "text":
            from pipelines.items import Page

            yield Page(
                url=response.url,
                capture=response.meta["capture"],
                status=response.status,
                content_type="text/html; charset=utf-8",
                body=response.body,
            )

    async def parse_in_pool(self, response: Response) -> None:
        """Its links, and its text in the simplest way that uses all cores."""
        self.seen += 1
        assert self.pool is not None
        assert isinstance(response, TextResponse)
        response.xpath("//a/@href").getall()
        await asyncio.wrap_future(self.pool.submit(_extract, response.text, response.url))


def _extract(text: str, url: str) -> None:
    import trafilatura

    trafilatura.bare_extraction(text, url=url, with_metadata=True)


def _settings(mode: str) -> dict[str, Any]:
    common: dict[str, Any] = {
        "CONCURRENT_REQUESTS": _CONCURRENT,
        "CONCURRENT_REQUESTS_PER_DOMAIN": _CONCURRENT,
        "DOWNLOAD_DELAY": 0,
        "LOG_LEVEL": "ERROR",
        "REMOTE_CONTROL_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
        "TELNETCONSOLE_ENABLED": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    }
    if mode == "alike":
        return common | {"CONCURRENT_ITEMS": _ITEMS_AT_ONCE}
    if mode.startswith(("bare", "inline", "pool")):
        return common
    common["ADDONS"] = {"crawler.addon.PressmarkAddon": 0}
    common["PRESSMARK_ALLOW_NETWORKS"] = ["127.0.0.0/8"]
    common["DOWNLOAD_MAXSIZE"] = 1 << 30
    return common


def _forget_to_sync() -> None:
    """Neither the segments nor the index wait for the disk any more: only to compare with."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    def unsynced(connection: Any, record: Any, _proxy: object) -> None:
        if not record.info.get("unsynced"):
            connection.execute("PRAGMA synchronous=OFF").close()
            record.info["unsynced"] = True

    def no_fsync(fd: int | HasFileno) -> None:
        pass

    event.listen(Pool, "checkout", unsynced)
    os.fsync = no_fsync


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _peak_kb() -> int:
    # Not ru_maxrss: it begins with the size of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    """Crawl and measure."""
    mode, port, pages, home = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    os.environ["PRESSMARK_HOME"] = home
    os.environ["PRESSMARK_CONFIG"] = f"{home}/pressmark.yaml"
    Path(home).mkdir(parents=True, exist_ok=True)
    configuration = "contact: bench@example.org\nallow_networks: [127.0.0.0/8]\n"
    Path(home, "pressmark.yaml").write_text(configuration, encoding="utf-8")
    if mode == "unsynced":
        _forget_to_sync()
    process = AsyncCrawlerProcess(_settings(mode))
    crawler = process.create_crawler(BenchSpider)
    process.crawl(crawler, port=port, pages=pages, mode=mode)
    process.start()
    ended = time.monotonic()
    spider = crawler.spider
    assert isinstance(spider, BenchSpider)
    if spider.pool is not None:
        spider.pool.shutdown()
    stats = crawler.stats.get_stats()
    line = {
        "mode": mode,
        "pages": spider.seen,
        "seconds": ended - spider.began,
        "cpu": _cpu(resource.RUSAGE_SELF) - spider.cpu_before,
        "cpu_workers": _cpu(resource.RUSAGE_CHILDREN),
        "peak_mb": _peak_kb() / 1024,
        "texts": stats.get("pressmark/extraction/ok", 0),
        "finish_reason": stats.get("finish_reason"),
    }
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
