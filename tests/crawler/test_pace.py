"""Pace, as a server sees it. Only lower bounds are asserted: a busy machine makes gaps longer."""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request

from crawler.pace import PacedSlot, is_requisite
from tests.crawler.guard.harness import Asked, HostileServer, crawl, respond

EARLY = 0.04  # seconds that the way of an earlier request to the server's clock may take longer
ONE, TWO = "127.0.0.1", "127.0.0.2"


def answer(asked: Asked, connection: socket.socket) -> bool:
    if asked.target.startswith("/to-two"):
        place = f"http://{TWO}:{connection.getsockname()[1]}/landed{asked.target}"
        return respond(connection, b"", f"Location: {place}", status="302 Found", keep=True)
    if asked.target.startswith("/again"):
        return respond(connection, b"", status="503 Later", keep=True)
    if asked.target.startswith("/slow"):
        time.sleep(0.5)
    return respond(connection, keep=True)


def fetch(folder: Path, urls: list[Any], **settings: Any) -> dict[str, list[Asked]]:
    """The requests in the order in which they came, for each address of the server."""
    with HostileServer(answer) as server:
        requests: list[dict[str, Any] | str] = [
            {
                "url": server.url(path, host),
                "meta": {"pressmark_kind": kind} if kind else {},
            }
            for host, path, kind in urls
        ]
        allow = {"PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8"}
        crawl(folder, requests, settings=allow | settings)
    seen = defaultdict(list)
    for asked in sorted(server.asked, key=lambda asked: asked.time):
        seen[asked.peer].append(asked)
    return seen


def gaps(asked: list[Asked]) -> list[float]:
    return [after.time - before.time for before, after in pairwise(asked)]


def test_documents_of_each_host_keep_their_distance(tmp_path: Path) -> None:
    urls = [(host, f"/{n}", None) for n in range(4) for host in (ONE, TWO)]
    seen = fetch(tmp_path, urls, PRESSMARK_DELAY=0.4, PRESSMARK_CONCURRENCY=4)
    for host in (ONE, TWO):
        assert len(seen[host]) == 4
        assert min(gaps(seen[host])) >= 0.4 - EARLY
    # The hosts do not wait for each other.
    assert seen[TWO][0].time < seen[ONE][1].time


def test_robots_txt_redirects_and_retries_keep_it_too(tmp_path: Path) -> None:
    urls = [(ONE, "/to-two/1", None), (ONE, "/to-two/2", None), (ONE, "/again", None)]
    seen = fetch(tmp_path, urls, PRESSMARK_DELAY=0.4, ROBOTSTXT_OBEY=True)
    assert [asked.target for asked in seen[ONE]].count("/again") == 3
    assert seen[ONE][0].target == "/robots.txt"
    assert len(seen[ONE]) == 6
    assert min(gaps(seen[ONE])) >= 0.4 - EARLY
    # Those that were led to the other host are that host's: robots.txt and two documents.
    assert len(seen[TWO]) == 3
    assert min(gaps(seen[TWO])) >= 0.4 - EARLY


def test_requisites_go_beside_documents(tmp_path: Path) -> None:
    kinds = ["requisite", "media"]
    urls: list[Any] = [(ONE, f"/slow/{n}", kinds[n % 2]) for n in range(6)]
    urls += [(ONE, "/1", None), (ONE, "/2", None)]
    seen = fetch(
        tmp_path, urls, PRESSMARK_DELAY=1.0, PRESSMARK_REQUISITE_DELAY=0.2, LOG_LEVEL="INFO"
    )
    documents = [asked for asked in seen[ONE] if not asked.target.startswith("/slow")]
    requisites = [asked for asked in seen[ONE] if asked.target.startswith("/slow")]
    assert min(gaps(documents)) >= 1.0 - EARLY
    assert len(requisites) == 6
    assert min(gaps(requisites)) >= 0.2 - EARLY
    # All were under way before the second document: neither its delay nor the time that the server
    # takes for each of them was theirs.
    assert sum(asked.time < documents[-1].time for asked in requisites) >= 3


def test_autothrottle_only_raises_the_delay(tmp_path: Path) -> None:
    urls = [(ONE, f"/slow/{n}", None) for n in range(4)]
    seen = fetch(tmp_path, urls, PRESSMARK_DELAY=0.1, PRESSMARK_CONCURRENCY=1)
    assert min(gaps(seen[ONE])) >= 0.1 - EARLY
    assert gaps(seen[ONE])[-1] >= 0.5 - EARLY  # an answer takes as long, and none goes beside it


def test_no_more_go_at_once_than_may_where_there_is_no_delay(tmp_path: Path) -> None:
    busy: list[str] = []
    most: list[int] = []

    def slowly(asked: Asked, connection: socket.socket) -> bool:
        busy.append(asked.target)
        most.append(len(busy))
        time.sleep(0.3)
        busy.remove(asked.target)
        return respond(connection, keep=True)

    with HostileServer(slowly) as server:
        settings = {"PRESSMARK_DELAY": 0, "PRESSMARK_CONCURRENCY": 3}
        allow = {"PRESSMARK_ALLOW_NETWORKS": "127.0.0.0/8"}
        crawl(tmp_path, [server.url(f"/{n}") for n in range(9)], settings=allow | settings)
    assert len(server.asked) == 9
    assert max(most) == 3


def test_the_users_own_delay_and_slots_count(tmp_path: Path) -> None:
    urls = [(ONE, f"/{n}", None) for n in range(3)]
    assert min(gaps(fetch(tmp_path, urls, DOWNLOAD_DELAY=0.4)[ONE])) >= 0.4 - EARLY
    slots = {ONE: {"delay": 0.4, "concurrency": 1}}
    seen = fetch(tmp_path, urls, PRESSMARK_DELAY=0.1, DOWNLOAD_SLOTS=slots)
    assert min(gaps(seen[ONE])) >= 0.4 - EARLY


@pytest.mark.parametrize("jitter", [0.0, 0.5, 3.0])
def test_jitter_only_adds(jitter: float) -> None:
    slot = PacedSlot(1, 2.0, jitter)
    drawn = [slot.download_delay() for _ in range(200)]
    assert min(drawn) >= 2.0
    assert max(drawn) <= 2.0 * (1 + jitter)
    assert jitter == 0 or max(drawn) > 2.0


def test_autothrottle_cannot_lower_the_delay_of_a_slot() -> None:
    slot = PacedSlot(1, 2.0, 0.0)
    slot.delay = 0.5
    assert slot.download_delay() == 2.0
    slot.delay = 3.0
    assert slot.download_delay() == 3.0


def test_what_is_a_requisite() -> None:
    kinds = ["requisite", "media", "feed", None]
    found = [is_requisite(Request("http://h/", meta={"pressmark_kind": kind})) for kind in kinds]
    assert found == [True, True, False, False]
