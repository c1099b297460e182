"""axe-core (MPL-2.0, for tests alone) finds nothing on any page, light or dark, wide or narrow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.archive.web.pages.everything import PAGES
from tests.archive.web.serving import Served
from tests.servers.chromium import Chromium, screenshot

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1200, "height": 800}},
    "dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "narrow-dark": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
}
FEW = ("front", "results", "captures", "document-arabic", "diff", "not-archived")
"""The pages that most people see."""


def violations(page: Page) -> list[str]:
    """What axe finds, each with the elements that it is about."""
    page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    assert found["passes"], "axe did not look"
    return [
        f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}"
        for one in found["violations"]
    ]


def overflow(page: Page) -> int:
    """Pixels that can be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def look(pages: Served, page: Page, name: str, theme: str) -> list[str]:
    """Everything that is wrong with a page."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(pages.url + PAGES[name][0], wait_until="load")
    wrong = violations(page)
    if overflow(page) > 0:
        wrong.append(f"{overflow(page)} pixels too wide")
    screenshot(page, f"pages-{name}-{theme}", full_page=True)
    # Only what a page itself does: a status of 4xx and the form of a password are told as well.
    expected = re.compile(r"the server responded with a status of 4|\[DOM\] Password forms")
    return wrong + [error for error in errors if not expected.search(error)]


@pytest.mark.parametrize(("theme", "names"), [("light", FEW), ("dark", ("captures", "diff"))])
def test_the_pages_that_most_people_see(
    pages: Served, chromium: Chromium, theme: str, names: tuple[str, ...]
) -> None:
    for name in names:
        with chromium.page(**LOOKS[theme]) as page:
            assert look(pages, page, name, theme) == [], name


@pytest.mark.slow  # each of thirty pages in four looks
@pytest.mark.parametrize("theme", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_every_page(pages: Served, chromium: Chromium, name: str, theme: str) -> None:
    with chromium.page(**LOOKS[theme]) as page:
        assert look(pages, page, name, theme) == []


def test_axe_would_find_something(pages: Served, chromium: Chromium) -> None:
    with chromium.page() as page:
        page.goto(f"{pages.url}/about")
        page.evaluate(
            "const one = document.querySelector('main').appendChild(document.createElement('p'));"
            "one.innerHTML = '<img src=/static/x>too pale to be read'; one.style.color = '#ccc'"
        )
        found = " ".join(violations(page))
        assert "image-alt" in found
        assert "color-contrast" in found


def test_text_spacing_and_zoom_hide_nothing(pages: Served, chromium: Chromium) -> None:
    """WCAG 1.4.10 and 1.4.12: 200 % on a window of 640, with the spacing that readers may set."""
    spacing = (
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; "
        "word-spacing: .16em !important; } p { margin-block-end: 2em !important; }"
    )
    with chromium.page(viewport={"width": 320, "height": 400}, bypass_csp=True) as page:
        for name in FEW:
            page.goto(pages.url + PAGES[name][0])
            page.add_style_tag(content=spacing)
            assert overflow(page) <= 0, name


def test_what_can_be_pressed_is_large_enough(pages: Served, chromium: Chromium) -> None:
    """WCAG 2.5.8: 24 by 24 pixels, but for links within sentences."""
    script = """selector => [...document.querySelectorAll(selector)]
        .filter(element => element.offsetParent && element.type !== 'hidden')
        .map(element => [element.outerHTML.slice(0, 120), element.getBoundingClientRect()])
        .filter(([_, box]) => box.width < 24 || box.height < 24).map(([html, _]) => html)"""
    pressed = "button, .button, input, select, summary, nav a, td a, .facets a, .hits h2 a"
    for theme in ("light", "narrow"):
        with chromium.page(**LOOKS[theme]) as page:
            for name in FEW:
                page.goto(pages.url + PAGES[name][0])
                assert page.evaluate(script, pressed) == [], name
