"""What ends a crawl, what keeps it from fetching, and settings that change what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.crawler.recorder.harness import crawl, request
from tests.servers.wire import WireServer, answering, reply

PAGE = reply(b"p" * 3000, b"Content-Type: text/html; charset=utf-8")


def test_what_cannot_be_kept_is_fetched_once_and_ends_the_crawl(tmp_path: Path) -> None:
    with WireServer(answering(PAGE)) as server:
        urls = [f"{server.url}/{n}" for n in range(30)]
        settings = {"CONCURRENT_REQUESTS": 1}
        done = crawl(tmp_path, urls, settings=settings, fail_after=0)
    assert [len(wire.received.split(b"GET ")) - 1 for wire in server.wires] == [1]
    assert done.outcomes[0]["error"] == "WriteError"
    assert "No space left" in done.outcomes[0]["message"]
    assert done.outcomes[0]["capture"] is None
    assert done.stats["finish_reason"] == "write_error"


def test_a_full_disk_under_a_large_body_ends_the_crawl(tmp_path: Path) -> None:
    with WireServer(answering(reply(b"L" * (3 << 20)))) as server:
        done = crawl(tmp_path, [f"{server.url}/"], spool=False)
    assert len(server.wires) == 1
    assert done.exchanges == []
    assert done.outcomes[0]["error"] == "WriteError"
    assert done.stats["finish_reason"] == "write_error"


def test_a_full_disk_under_a_large_request_ends_the_crawl(tmp_path: Path) -> None:
    with WireServer(answering(PAGE)) as server:
        requests = [request(f"{server.url}/", method="POST", body=b"R" * (2 << 20))]
        done = crawl(tmp_path, requests, spool=False)
    assert done.outcomes[0]["error"] == "WriteError"
    assert done.stats["finish_reason"] == "write_error"


def test_a_download_in_flight_when_the_spider_closes_is_kept_whole(tmp_path: Path) -> None:
    with WireServer(answering(PAGE, step=1000, pause=0.1)) as server:
        requests = [request(f"{server.url}/", meta={"hook": "close at headers"})]
        done = crawl(tmp_path, requests)
    assert (done.only.response, done.only["truncated"]) == (PAGE, None)
    assert done.stats["finish_reason"] == "enough"


def test_an_answer_from_the_cache_is_no_exchange(tmp_path: Path) -> None:
    with WireServer(answering(PAGE)) as server:
        url = f"{server.url}/"
        settings = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": str(tmp_path / "cache")}
        done = crawl(tmp_path / "crawl", [request(url, then=request(url))], settings=settings)
    assert len(done.exchanges) == len(server.wires) == 1
    assert done.outcomes[1]["flags"] == ["cached"]
    assert done.outcomes[1]["capture_of"] is None


def test_an_address_that_is_not_permitted_is_sent_nothing(tmp_path: Path) -> None:
    with WireServer(answering(PAGE)) as server:
        settings: dict[str, Any] = {
            "PRESSMARK_ALLOW_NETWORKS": [],
            "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver",
        }
        done = crawl(tmp_path, [f"{server.url}/"], settings=settings)
    assert all(not wire.received for wire in server.wires)
    assert done.exchanges == []
    assert done.outcomes[0]["error"] == "AddressRefused"


def test_without_a_keeper_nothing_is_fetched(tmp_path: Path) -> None:
    with WireServer(answering(PAGE)) as server:
        done = crawl(tmp_path, [f"{server.url}/"], keeper=False)
    assert server.wires == []
    assert done.outcomes[0]["error"] == "NotSupported"
    assert "add-on" in done.outcomes[0]["message"]
