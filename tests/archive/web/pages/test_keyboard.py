"""Search, open, compare, cite: with keys alone, and without scripts as well."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.archive.web.pages.library import STRIKE, UNKNOWN
from tests.archive.web.pages.looking import at
from tests.archive.web.serving import Served
from tests.servers.chromium import Chromium

_STEPS = 120

_SEEN = """() => {
    const focused = document.activeElement, box = focused.getBoundingClientRect();
    const middle = (start, end, size) => (Math.max(0, start) + Math.min(size, end)) / 2;
    const there = document.elementFromPoint(
        middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight));
    return getComputedStyle(focused).outlineStyle !== 'none' && there
        && (focused.contains(there) || there.contains(focused));
}"""
"""Whether what has the focus is to be seen, with its ring, and nothing before it."""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, and is seen to have it."""
    for _ in range(_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            page.wait_for_function(_SEEN)
            return
    raise AssertionError(f"Tab does not lead to {selector} on {page.url}")


def go(page: Page, selector: str) -> None:
    """Follow a link, or press a button, with keys."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_searches_opens_compares_and_cites(
    pages: Served, chromium: Chromium, scripts: bool
) -> None:
    with chromium.page(reduced_motion="reduce") as page:
        if not scripts:
            page.route("**/*.js", lambda route: route.abort())
        page.goto(pages.url)
        page.keyboard.type("miners union")  # the field has the focus
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(".hits mark").first).to_be_visible()
        go(page, ".hits h2 a")
        expect(page.locator("h1")).to_contain_text("Verhold")
        cite(page, scripts=scripts)
        go(page, "a.button[href^='/captures']")
        expect(page.locator("h1")).to_have_text(STRIKE)
        choose_and_compare(page)
        expect(page.locator(".diff ins")).to_have_text("[added: 450]")
        go(page, ".between a[href^='/document']")
        expect(page.locator("h1")).to_have_text("Miners strike at Verhold")


def cite(page: Page, *, scripts: bool) -> None:
    """Open BibTeX and read it; copy it where scripts run."""
    tab_to(page, "#cite details:nth-of-type(2) summary")
    page.keyboard.press("Space")
    reference = page.locator("#cite-bibtex")
    expect(reference).to_be_visible()
    assert "@online{pereira2026miners," in reference.input_value()
    tab_to(page, "#cite-bibtex")
    if scripts:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        tab_to(page, "button[data-copy='cite-bibtex']")
        page.keyboard.press("Enter")
        expect(page.locator("#said")).to_have_text("Copied.")
        expect(page.locator("#said")).to_be_in_viewport(ratio=1)
        assert page.evaluate("navigator.clipboard.readText()") == reference.input_value()
    else:
        assert not page.locator("button[data-copy]").first.is_visible()
    # On, behind the rest of the page, comes its beginning again.
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.locator("body").press("Tab")


def choose_and_compare(page: Page) -> None:
    """The oldest as the older one, and the next as the newer."""
    tab_to(page, "input[name=from]")
    page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=from]:checked")).to_have_value("20261122100000")
    tab_to(page, "input[name=to]")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    expect(page.locator("input[name=to]:checked")).to_have_value("20261122150000")
    with page.expect_navigation():
        page.keyboard.press("Enter")  # in a field it sends the form


def test_the_first_stop_skips_to_the_content(pages: Served, chromium: Chromium) -> None:
    with chromium.page() as page:
        page.goto(f"{pages.url}/about")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_results_are_narrowed_without_leaving_the_page(pages: Served, chromium: Chromium) -> None:
    """What htmx is for: the address follows, and going back brings the results before."""
    with chromium.page() as page:
        page.goto(f"{pages.url}/?q=strike")
        expect(page.locator(".hits > li")).to_have_count(2)
        page.evaluate("window.stayed = true")
        tab_to(page, "#from")
        page.keyboard.type("2026-11-21")
        page.keyboard.press("Enter")
        expect(page.locator(".hits > li")).to_have_count(1)
        assert page.evaluate("window.stayed") is True
        assert "from=2026-11-21" in page.url
        page.go_back()
        expect(page.locator(".hits > li")).to_have_count(2)


def test_a_filter_that_is_wrong_leaves_no_old_list(pages: Served, chromium: Chromium) -> None:
    with chromium.page() as page:
        page.goto(f"{pages.url}/?q=strike")
        tab_to(page, "#from")
        page.keyboard.type("2026-13")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("2026-13")
        expect(page.locator(".hits > li")).to_have_count(0)


def test_what_is_near_an_unknown_address_is_fetched(pages: Served, chromium: Chromium) -> None:
    with chromium.page() as page:
        page.goto(pages.url + at("/captures", url=UNKNOWN))
        expect(page.locator(f"a:has-text('{STRIKE}')")).to_be_visible()
