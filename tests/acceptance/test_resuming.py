"""A crawl that was interrupted, however, is gone on with: nothing that it has is fetched again."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.acceptance.command import CONTACT, Pressmark, finish
from tests.servers.routes import Routes, html
from tests.servers.wire import Wire, WireServer, reply
from tests.waiting import until

PAGES = 40
IN_FLIGHT = 2 + 4  # documents and requisites that go to one host at once


def _moved(place: str) -> bytes:
    return html("moved", b"Location: " + place.encode(), status=b"301 Moved Permanently")


class _Site:
    """A front page and stories, each with a picture; errors, a redirect, a sheet that needs one."""

    def __init__(self) -> None:
        links = "".join(f'<a href="/{n}">{n}</a>' for n in range(PAGES))
        more = '<a href="/moved">m</a><a href="/gone">g</a><a href="/busy">b</a>'
        css = '<link rel="stylesheet" href="/style.css">'
        self.routes = Routes(
            {
                "/": html(f"{css}{more}{links}"),
                "/moved": _moved("/there"),
                "/there": html("<p>Moved here."),
                "/busy": html("busy", status=b"503 Busy"),
                "/style.css": reply(
                    b"body { background: url(/back.png) }", b"Content-Type: text/css"
                ),
                "/back.png": reply(b"png", b"Content-Type: image/png"),
                **{f"/{n}": self._story(n) for n in range(PAGES)},
                **{f"/{n}.png": self._picture for n in range(PAGES)},
            }
        )

    def _story(self, number: int) -> Callable[[Wire], Awaitable[None]]:
        async def answer(wire: Wire) -> None:
            await asyncio.sleep(0.05)
            text = f"<p>The story of number {number}. " + "It has some words. " * 30
            await wire.send(html(f'{text}<img src="/{number}.png">'))

        return answer

    async def _picture(self, wire: Wire) -> None:
        await wire.send(reply(b"png", b"Content-Type: image/png"))


@pytest.fixture
def site() -> Iterator[tuple[Routes, str]]:
    """What it was asked for, and its URL."""
    routes = _Site().routes
    with WireServer(routes) as server:
        yield routes, f"{server.url}/"


def _interrupt(pressmark: Pressmark, url: str, number: signal.Signals, after: int) -> None:
    """By a signal when a crawl has some captures."""
    with pressmark.start("crawl", url) as process:
        until(lambda: pressmark.captures() >= after)
        process.send_signal(number)
        assert finish(process).status == {9: -9, 15: 143}[number]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_only_what_was_in_flight_is_fetched_again(
    pressmark: Pressmark, site: tuple[Routes, str], number: signal.Signals
) -> None:
    routes, url = site
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0}}\n")
    _interrupt(pressmark, url, number, 15)
    before = Counter(routes.asked)
    assert before["/39"] == 0, "it was over before it was interrupted"
    assert (pressmark.home / "crawls/127_0_0_1.json").exists()

    result = pressmark("crawl", url, "--json")
    assert "going on with the interrupted crawl" in result.stderr
    # Asked for three times, as Scrapy tries, however often it is begun again.
    asked = Counter(routes.asked)
    assert asked["/busy"] <= 3 + IN_FLIGHT
    again = {path: times for path, times in asked.items() if times > 1 and path != "/busy"}
    assert sum(times - 1 for times in again.values()) <= IN_FLIGHT
    # The report speaks of the whole crawl, and nothing is missing.
    line = result.line
    assert line["pages"] == line["documents"] == PAGES + 3  # with the front, the moved, the busy
    rows = pressmark("list", url, "--match", "host", "--json").lines
    assert line["captures"] == len(rows) - sum("truncated" in row for row in rows)
    assert len({row["job"] for row in rows}) == 1
    assert {row["url"].removeprefix(url[:-1]) for row in rows} == set(asked)
    assert b"The story of number 3." in pressmark("get", f"{url}3").stdout
    assert pressmark("verify", "--json").line["findings"] == []
    assert list((pressmark.home / "crawls").glob("*.json")) == []


def test_fresh_begins_anew_and_so_does_the_crawl_after_one_that_ended(
    pressmark: Pressmark, site: tuple[Routes, str]
) -> None:
    routes, url = site
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0, requisites: false}}\n")
    _interrupt(pressmark, url, signal.SIGKILL, 10)
    interrupted = Counter(routes.asked)
    assert list((pressmark.home / "crawls").glob("*.json"))
    result = pressmark("crawl", url, "--fresh", "--json")
    assert "going on" not in result.stderr
    again = Counter(routes.asked)
    assert again["/"] == interrupted["/"] + 1
    assert again["/0"] == interrupted["/0"] + 1
    other = pressmark("crawl", url, "--json")
    assert "going on" not in other.stderr
    assert Counter(routes.asked)["/"] == again["/"] + 1
    assert other.line["job"] != result.line["job"]
