"""One crawl in a process of its own: a job as JSON on standard input, what came of it on output.

The recorder, the guard and the pace are the real ones; only the archive behind them is left out.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess

from archive.errors import ArchiveError, WriteError
from archive.model import Capture, Exchange
from config.sources import Source
from crawler.spiders.news import NewsSpider
from crawler.spiders.page import PageOutcome, PageSpider
from pipelines.items import Page
from pipelines.keeper import attach

_ROOT = Path(__file__).resolve().parents[3]


class NotingKeeper:
    """Keeps nothing, but answers with captures as if it had, and notes what it was given."""

    source = "test"
    job = None

    def __init__(self, folder: Path, fail_at: str | None) -> None:
        self.spool = folder
        self.exchanges: list[dict[str, Any]] = []
        self._numbers = itertools.count()
        self._fail_at = fail_at

    async def keep(self, exchanges: Sequence[Exchange]) -> Sequence[Capture]:
        """One capture for each exchange."""
        return [self._capture(exchange) for exchange in exchanges]

    def _capture(self, exchange: Exchange) -> Capture:
        if self._fail_at and exchange.url.endswith(self._fail_at):
            raise WriteError(exchange.url, OSError(28, "No space left on device"))
        number = next(self._numbers)
        self.exchanges.append(
            {
                "url": exchange.url,
                "via": exchange.via,
                "status": exchange.status,
                "truncated": exchange.truncated,
                "request": bytes(exchange.request).decode("latin-1"),
            }
        )
        exchange.request.close()
        exchange.response.close()
        return Capture(
            urlkey="",
            timestamp="20261122000000",
            url=exchange.url,
            mime=exchange.mime,
            status=exchange.status,
            digest="sha256:",
            filename="test.warc.gz",
            offset=number,
            length=1,
            record_id=f"<urn:uuid:{number}>",
            source=self.source,
            truncated=exchange.truncated,
        )


def crawl(job: dict[str, Any]) -> dict[str, Any]:
    """Run the job in a process of its own; its report."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", __name__],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=_ROOT,
        # For a crawl ad hoc the spider reads the configuration itself.
        env={**os.environ, "PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    report["log"] = done.stderr
    return report


def _main() -> None:
    job = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_run(job, Path(folder)), default=str))


def _run(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    process = AsyncCrawlerProcess(
        {
            "ADDONS": {"crawler.addon.PressmarkAddon": 0},
            # What keeps and reads pages has tests of its own.
            "EXTENSIONS": {"crawler.extension.SessionExtension": None},
            "ITEM_PIPELINES": {
                "pipelines.text.pipeline.TextPipeline": None,
                "pipelines.documents.DocumentsPipeline": None,
            },
            "LOG_LEVEL": "WARNING",
            "PRESSMARK_ALLOW_NETWORKS": ["127.0.0.0/8"],
            "PRESSMARK_DELAY": 0,
            "PRESSMARK_REQUISITE_DELAY": 0,
            "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
            **job.get("settings", {}),
        }
    )
    crawler = process.create_crawler(PageSpider if "urls" in job else NewsSpider)
    keeper = NotingKeeper(folder, job.get("fail_at"))
    attach(crawler, keeper)
    pages: list[Page] = []

    def note_page(item: Page) -> None:
        pages.append(item)

    crawler.signals.connect(note_page, signal=signals.item_scraped)
    ended: list[PageOutcome] = []
    arguments: dict[str, Any] = dict(job.get("arguments", {}))
    if "urls" in job:
        fresh = set(job.get("fresh", ()))
        arguments |= {
            "urls": job["urls"],
            "on_outcome": ended.append,
            "captured_since": fresh.__contains__,
        }
    if "source" in job:
        arguments["source"] = Source.model_validate(job["source"])
    process.crawl(crawler, **arguments)
    process.start()
    spider = crawler.spider
    report: dict[str, Any] = {
        "exchanges": keeper.exchanges,
        "pages": [
            {
                "url": page.url,
                "status": page.status,
                "captured": page.capture.url if page.capture else None,
                "content_type": page.content_type,
                "source": page.source,
                "size": len(page.body),
            }
            for page in pages
        ],
        "stats": crawler.stats.get_stats(),
        "ended": [outcome.url for outcome in ended],
    }
    if isinstance(spider, PageSpider):
        report["outcomes"] = [
            {**dataclasses.asdict(outcome), "ok": outcome.ok} for outcome in spider.outcomes()
        ]
    if isinstance(spider, NewsSpider):
        report["errors"] = spider.errors
    return report


if __name__ == "__main__":
    try:
        _main()
    except ArchiveError as error:
        sys.exit(str(error))
