"""A page is saved with keys alone, and its job is watched without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.archive.web.pages.conftest import shown
from tests.archive.web.pages.library import UNKNOWN
from tests.archive.web.pages.looking import at
from tests.archive.web.pages.test_accessibility import overflow, violations
from tests.archive.web.pages.test_keyboard import go
from tests.archive.web.save.told import AT, Told
from tests.archive.web.serving import Served
from tests.servers.chromium import Chromium, screenshot


@pytest.fixture
def told() -> Told:
    """What does the jobs."""
    return Told()


@pytest.fixture
def pages(home: Path, told: Told) -> Iterator[Served]:
    """A server of its own for each test."""
    with shown(home, told) as running:
        yield running


@pytest.mark.parametrize("failure", [None, "timeout"])
def test_an_unknown_address_is_saved_and_watched(
    pages: Served, told: Told, chromium: Chromium, failure: str | None
) -> None:
    if failure:
        told.errors[UNKNOWN] = failure
    with chromium.page(viewport={"width": 320, "height": 640}, reduced_motion="reduce") as page:
        page.goto(pages.url + at("/captures", url=UNKNOWN))
        go(page, "form.notice button")
        state = page.locator("#job [role=status] h2")
        expect(state).to_have_text("It is being archived")
        assert violations(page) == []
        page.evaluate("window.stayed = true")
        page.focus("#again")
        told.go.set()
        expect(state).to_have_text("It could not be archived" if failure else "It is archived")
        assert page.evaluate("window.stayed") is True, "without a reload"
        assert violations(page) == []
        assert overflow(page) <= 0
        screenshot(page, f"pages-job-{failure or 'done'}", full_page=True)
        if failure is None:
            link = page.locator("#job a.first")
            assert link.get_attribute("href") == f"/web/{AT}/{UNKNOWN}"
        page.goto(f"{pages.url}/jobs")
        assert violations(page) == []
        screenshot(page, f"pages-jobs-{failure or 'done'}", full_page=True)
