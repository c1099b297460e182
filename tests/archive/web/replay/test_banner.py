"""In Chromium: what stands around an archived page leaves it room, and tells why where it is not
shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.archive.web.replay.staging import Stage, html, shown, staged
from tests.servers.chromium import Chromium, screenshot

LONG = f"http://news.example/{'-'.join(['a-very-long-address'] * 9)}/"
NOTE = "text=script-driven parts are missing"
WIDE = {"width": 1200, "height": 800}
PHONE = {"width": 380, "height": 800}
LYING = {"width": 800, "height": 380}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    messages = [html(LONG, f"<h1>Kept</h1><a href='{LONG}next'>next</a>")]
    messages.append(html(f"{LONG}next", "<h1>Next</h1>"))
    with staged(tmp_path_factory.mktemp("stage"), messages) as running:
        yield running


def test_details_stand_open_where_there_is_room(stage: Stage, chromium: Chromium) -> None:
    with chromium.page(viewport=WIDE) as page:
        stage.show(page, LONG)
        expect(page.locator(NOTE)).to_be_visible()
        expect(page.locator("#banner .more > summary")).to_be_hidden()
        page.locator("#banner >> text=As it was sent").focus()
        expect(page.locator("#banner >> text=As it was sent")).to_be_focused()


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("lying", LYING)])
def test_where_there_is_little_the_page_has_it(
    stage: Stage, chromium: Chromium, name: str, size: dict[str, int]
) -> None:
    with chromium.page(viewport=size) as page:
        frame = stage.show(page, LONG)
        assert frame.inner_text("h1") == "Kept"
        expect(page.locator(NOTE)).to_be_hidden()
        screenshot(page, f"replay-banner-{name}")
        box = page.locator("#archived").bounding_box()
        assert box is not None
        assert box["y"] < 220
        page.click("#banner .more > summary")
        expect(page.locator(NOTE)).to_be_visible()
        expect(page.locator("#banner >> text=All captures")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        frame.click("a")
        assert shown(page, f"{LONG}next").inner_text("h1") == "Next"
        page.wait_for_selector(f'#banner[data-url="{LONG}next"]')


@pytest.mark.parametrize(("name", "size"), [("wide", WIDE), ("phone", PHONE)])
def test_without_scripts_that_is_said_first(
    stage: Stage, chromium: Chromium, name: str, size: dict[str, int]
) -> None:
    with chromium.page(viewport=size, java_script_enabled=False) as page:
        page.goto(stage.url(LONG))
        screenshot(page, f"replay-scriptless-{name}")
        said = page.locator("noscript .notice")
        expect(said).to_be_visible()
        expect(page.locator("#archived")).to_be_hidden()
        banner, notice = page.locator("#banner").bounding_box(), said.bounding_box()
        assert banner is not None
        assert notice is not None
        assert 0 <= notice["y"] - (banner["y"] + banner["height"]) <= 24
