"""`crawl`: sources, URLs ad hoc, interruptions, and a disk that is full."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import CONTACT, Pressmark, finish
from tests.servers.routes import Routes, html
from tests.servers.wire import Wire, WireServer, reply
from tests.waiting import until

_ROOT = Path(__file__).resolve().parents[2]


def _sources(site: DemoSite) -> str:
    return (
        f"{CONTACT}defaults: {{delay: 0}}\n"
        f"sources:\n- {{name: front, seeds: ['{site.url}']}}\n"
        f"- {{name: feed, feeds: ['{site.feed_url}']}}\n"
        f"- {{name: map, sitemaps: ['{site.sitemap_url}']}}\n"
    )


def test_all_sources_are_crawled_and_found_again(pressmark: Pressmark) -> None:
    with DemoSite() as demo:
        pressmark.configure(_sources(demo))
        assert [row["name"] for row in pressmark("sources", "list", "--json").lines] == [
            "front",
            "feed",
            "map",
        ]
        result = pressmark("crawl", "--json")
        assert result.status == 0, result.stderr
        reports = {line["source"]: line for line in result.lines}
        assert list(reports) == ["front", "feed", "map"]
        fields = [
            "source",
            "job",
            "pages",
            "captures",
            "documents",
            "revisits",
            "errors",
            "seconds",
        ]
        assert list(reports["feed"]) == fields
        assert reports["feed"]["pages"] == len(demo.stories)
        for story in demo.stories:
            text = pressmark("get", demo.story_url(story), "--as", "text").text
            assert story.paragraphs[0] in text
    (hit,) = pressmark("search", demo.stories[0].title, "--limit", "1", "--json").lines
    assert hit["url"] == demo.story_url(demo.stories[0])
    only = pressmark("crawl", "nobody")
    assert only.status == 2
    assert "front, feed, map" in only.stderr
    assert pressmark("verify", "--json").line["findings"] == []


def test_url_ad_hoc_with_depth_and_limit(pressmark: Pressmark) -> None:
    with DemoSite() as demo:
        pressmark.configure(f"{CONTACT}defaults: {{delay: 0}}\n")
        seed = pressmark("crawl", demo.url, "--depth", "0", "--json").line
        assert (seed["source"], seed["pages"]) == ("127_0_0_1", 1)
        assert pressmark("crawl", demo.url, "--limit", "3", "--json").line["pages"] == 3


def test_scrapy_crawls_a_source_by_its_own_command(pressmark: Pressmark) -> None:
    with DemoSite() as demo:
        pressmark.configure(_sources(demo))
        environment = {
            **os.environ,
            "PRESSMARK_CONFIG": str(pressmark.folder / "pressmark.yaml"),
            "PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8",
        }
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "news", "-a", "source=feed", "-L", "ERROR"],
            cwd=_ROOT,
            env=environment,
            timeout=90,
            check=True,
            capture_output=True,
        )
        assert b"Traceback" not in done.stderr
        text = pressmark("get", demo.story_url(demo.stories[0]), "--as", "text").text
    assert demo.stories[0].paragraphs[0] in text
    assert pressmark("verify", "--json").line["findings"] == []


@pytest.mark.parametrize("argument", ["source=NOPE", "url=nonsense", "limit=3"])
def test_scrapy_ends_with_a_sentence_where_nothing_can_be_crawled(
    pressmark: Pressmark, argument: str
) -> None:
    environment = {**os.environ, "PRESSMARK_CONFIG": str(pressmark.folder / "pressmark.yaml")}
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "news", "-a", argument, "-L", "ERROR"],
        cwd=_ROOT,
        env=environment,
        timeout=90,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_seed_that_is_not_there_fails_the_crawl(pressmark: Pressmark) -> None:
    with WireServer(Routes({})) as server:
        result = pressmark("crawl", f"{server.url}/nope", "--limit", "3", "--json")
    assert (result.status, result.line["errors"]) == (1, 1)
    assert f"{server.url}/nope answered 404" in result.stderr


class _Slow:
    """Pages that come one after the other, each linked by the first."""

    def __init__(self) -> None:
        links = "".join(f'<a href="/{n}">{n}</a>' for n in range(200))
        self.routes = Routes({"/": html(links), **{f"/{n}": self._page for n in range(200)}})

    async def _page(self, wire: Wire) -> None:
        await asyncio.sleep(0.1)
        await wire.send(html("<p>A page that took its time."))


@pytest.fixture
def slow() -> Iterator[tuple[_Slow, str]]:
    """A slow site and its URL."""
    pages = _Slow()
    with WireServer(pages.routes) as server:
        yield pages, f"{server.url}/"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_interrupted_crawl_seals_what_it_has(
    pressmark: Pressmark, slow: tuple[_Slow, str], number: signal.Signals, status: int
) -> None:
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0.1}}\n")
    with pressmark.start("crawl", slow[1], "--json") as process:
        until(lambda: pressmark.captures() >= 10)
        process.send_signal(number)
        result = finish(process)
    assert result.status == status, result.stderr
    assert result.line["captures"] >= 10
    # What had not had its turn is told in one line, and no error.
    assert result.line["errors"] == 0
    assert "before its turn" not in result.stderr
    assert "stored; `pressmark crawl` of the same goes on with it" in result.stderr
    assert result.stderr.count("requests were not begun") == 1
    rows = pressmark("list", slow[1], "--match", "host", "--json").lines
    assert len(rows) == result.line["captures"]
    assert pressmark("verify", "--json").line["findings"] == []
    assert list((pressmark.home / "spool").rglob("*.gz*")) == []


def test_of_two_crawls_of_one_source_the_second_is_refused(
    pressmark: Pressmark, slow: tuple[_Slow, str]
) -> None:
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0.1}}\n")
    with pressmark.start("crawl", slow[1]) as process:
        until(lambda: pressmark.captures() >= 5)
        for options in ([], ["--fresh"]):
            second = pressmark("crawl", slow[1], *options)
            assert second.status == 3
            assert f"is being crawled by process {process.pid}" in second.stderr
            assert "nothing was captured" in second.stderr
        # Others are not held up, and what they bring is stored.
        with DemoSite() as demo:
            url = demo.url.replace("127.0.0.1", "localhost")
            pressmark.environment["PRESSMARK_ALLOW_NETWORKS"] = "127.0.0.0/8,::1/128"
            both = pressmark("crawl", url, slow[1], "--depth", "0", "--json")
        assert both.status == 3
        assert both.line["pages"] == 1
        assert "what was captured is stored" in both.stderr
        process.send_signal(signal.SIGKILL)
        finish(process)
    assert pressmark("crawl", slow[1], "--limit", "1").status == 0


def test_interrupted_check_of_sources_ends(pressmark: Pressmark) -> None:
    asked = threading.Event()

    async def stall(wire: Wire) -> None:
        await wire.request()
        asked.set()
        await asyncio.sleep(60)

    with WireServer(stall) as server:
        pressmark.configure(f"{CONTACT}sources: [{{name: one, seeds: ['{server.url}/']}}]\n")
        with pressmark.start("sources", "check") as process:
            assert asked.wait(30)
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)  # signals that wait are one
            process.send_signal(signal.SIGINT)
            result = finish(process, timeout=30)
    assert result.status == 130, result.stderr


def _limit_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


def _incompressible(number: int) -> bytes:
    return reply(os.urandom(50_000).hex().encode(), b"Content-Type: text/plain", b"X: %d" % number)


def test_full_disk_stops_the_crawl_and_loses_nothing(pressmark: Pressmark) -> None:
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(40))
    routes = Routes({"/": html(links), **{f"/{n}": _incompressible(n) for n in range(40)}})
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0}}\n")
    with WireServer(routes) as server:
        # A file that may grow no more, as a full disk has: the same error on the same write.
        result = pressmark("crawl", f"{server.url}/", "--json", preexec=_limit_files)
    assert result.status == 3
    assert "could not archive" in result.stderr
    pages = [path for path in routes.asked if path not in ("/", "/robots.txt")]
    assert len(pages) == len(set(pages)) < 40
    kept = result.line["captures"]
    assert 0 < kept <= len(routes.asked)
    with DemoSite() as demo:
        assert pressmark("archive", demo.seed_url).status == 0
    assert len(pressmark("list", server.url, "--match", "host", "--json").lines) == kept
    assert pressmark("verify", "--json").line["findings"] == []
