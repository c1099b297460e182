"""In Chromium: nothing that an archived page holds makes the browser ask the live web.

Each bait is tried on the same page as it lies on the web, too, where it must work.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from starlette.responses import Response

from archive.web.replay.answers import answer
from tests.archive.web.replay.baits import BAIT, CLICKED, HOST, RESPONSES, WRITTEN
from tests.archive.web.replay.staging import (
    Message,
    Stage,
    Web,
    html,
    leaked,
    live,
    settle,
    shown,
    staged,
)
from tests.servers.chromium import Chromium
from tests.servers.wire import WireServer, answering

ALL = "http://trap.example/all"
SLOW, PICTURE = "http://trap.example/slow", "http://trap.example/slow.png"
# These make something else of the whole page.
APART = {"a frame set", "a page that goes elsewhere", "another base", "another base for frames"}

PASSIVE: dict[str, Message] = {
    name: (f"http://trap.example/passive/{number}", message, 0)
    for number, (name, message) in enumerate(RESPONSES.items())
}
ACTIVE: dict[str, Message] = {
    name: html(f"http://trap.example/active/{number}", f"<!doctype html>{body}<p id=x>")
    for number, (name, (body, _)) in enumerate(CLICKED.items())
}
TOGETHER = "".join(body for name, body in WRITTEN.items() if name not in APART)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    messages = [
        *PASSIVE.values(),
        *ACTIVE.values(),
        html(ALL, f"<!doctype html>{TOGETHER}"),
        html(SLOW, f"<!doctype html><p><a href={BAIT}>click</a><img src={PICTURE}>"),
    ]
    with staged(tmp_path_factory.mktemp("stage"), messages) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(live) as running:
        yield running


def click(page: Page, name: str) -> None:
    shown(page).click("text=click", force=True, no_wait_after=True, **CLICKED[name][1])


def test_nothing_of_a_page_leaves_the_archive(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        stage.show(page, ALL)
        settle(page)
    assert leaked(web) == []


def test_the_same_page_on_the_web_asks_for_much(chromium: Chromium, web: Web) -> None:
    message = html(ALL, f"<!doctype html>{TOGETHER}")[1]
    with WireServer(answering(message)) as site, chromium.page(proxy=web.url) as page:
        page.goto(site.url, wait_until="commit")
        settle(page)
    assert len(leaked(web)) > 10


@pytest.mark.parametrize("how", [{"modifiers": ["Control"]}, {"button": "middle"}], ids=str)
def test_a_click_before_all_of_the_page_is_there(
    stage: Stage,
    chromium: Chromium,
    web: Web,
    how: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clicked = threading.Event()

    def late(*args: Any, **options: Any) -> Response:
        if PICTURE in args:
            assert clicked.wait(60)
        return answer(*args, **options)

    monkeypatch.setattr("archive.web.replay.app.answer", late)
    with chromium.page(proxy=web.url) as page:
        try:
            page.goto(stage.url(SLOW), wait_until="commit")
            wrapper = page.frame_locator("#archived")
            wrapper.locator("iframe#page:not([inert])").wait_for()
            assert wrapper.locator("iframe#page[data-shown]").count() == 0
            wrapper.frame_locator("#page").locator("a").click(no_wait_after=True, **how)
            settle(page)
        finally:
            clicked.set()
    assert leaked(web) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PASSIVE)
def test_a_bait_alone(stage: Stage, chromium: Chromium, web: Web, name: str) -> None:
    url, message, _ = PASSIVE[name]
    with chromium.page(proxy=web.url) as page:
        stage.show(page, url)
        settle(page)
        assert page.url == stage.url(url)
    assert leaked(web) == []
    with WireServer(answering(message)) as site, chromium.page(proxy=web.url) as page:
        page.goto(site.url, wait_until="commit")
        for _ in range(100):
            if leaked(web):
                break
            page.wait_for_timeout(50)
    assert any(HOST in line for line in leaked(web)), "the bait is none"


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTIVE)
def test_a_click(stage: Stage, chromium: Chromium, web: Web, name: str) -> None:
    url, message, _ = ACTIVE[name]
    with chromium.page(proxy=web.url) as page:
        stage.show(page, url)
        click(page, name)
        settle(page)
        # Nowhere but in the archive, whatever became of the frame.
        assert all(other.url.startswith(stage.main) for other in page.context.pages)
    assert leaked(web) == []
    with WireServer(answering(message)) as site, chromium.page(proxy=web.url) as page:
        page.goto(site.url)
        page.click("text=click", no_wait_after=True, force=True, **CLICKED[name][1])
        for _ in range(100):
            if leaked(web):
                break
            page.wait_for_timeout(50)
    assert any(HOST in line for line in leaked(web)), "the bait is none"


@pytest.mark.slow
def test_a_click_ends_in_the_archive(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        for name in ("a link", "a link to the whole window", "a form"):
            stage.show(page, ACTIVE[name][0])
            click(page, name)
        settle(page)
    assert leaked(web) == []
