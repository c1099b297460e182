"""Debian's Chromium, without a window, driven by Playwright; no browser is downloaded.

    def test_page(chromium: Chromium) -> None:
        with chromium.page() as page:
            page.goto(url)

While Playwright's synchronous API is in use, its event loop counts as running in this thread:
`asyncio.run` cannot be called. A test that needs it for its data has its fixture before `chromium`,
and in another file where that does not help.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.servers import debian

PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-droid-fallback")
"""The browser, and letters to show pages in Arabic, Chinese and Russian with."""

ARTEFACTS = Path(__file__).resolve().parents[2] / "artifacts"
"""Where screenshots are left for people to look at; git ignores it."""

_PROGRAM = "chromium"
# A container's root has no sandbox to offer; the browser is not to talk to its maker.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_MILLISECONDS = 60_000  # a slow machine is no failure


def install_package() -> Path:
    """Install it if it is missing. Raises PackagesMissing."""
    if not shutil.which(_PROGRAM):
        debian.install(*PACKAGES)
    found = shutil.which(_PROGRAM)
    if found is None:
        raise debian.PackagesMissing(f"the package {PACKAGES[0]} has no program {_PROGRAM}")
    return Path(found)


class Chromium:
    """One browser; each page has cookies, workers and a cache of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @contextmanager
    def page(self, *, proxy: str | None = None, **options: Any) -> Iterator[Page]:
        """An empty page; `options` are those of Playwright's `Browser.new_context`.

        `proxy`: address of an HTTP proxy that gets every request but those to this machine's own
        names, which are what a server under test answers to.
        """
        if proxy is not None:
            bypass = "127.0.0.1,localhost,*.localhost"
            options["proxy"] = {"server": proxy, "bypass": bypass}
        context = self._browser.new_context(**options)
        try:
            context.set_default_timeout(_MILLISECONDS)
            yield context.new_page()
        finally:
            context.close()


def screenshot(page: Page, name: str, *, full_page: bool = False) -> Path:
    """Leave a picture of the page as `artifacts/<name>.png`."""
    ARTEFACTS.mkdir(exist_ok=True)
    path = ARTEFACTS / f"{name}.png"
    page.screenshot(path=path, full_page=full_page)
    return path


@contextmanager
def launched(*arguments: str) -> Iterator[Chromium]:
    """A browser with more arguments than usual."""
    program = install_package()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*_ARGUMENTS, *arguments],
            timeout=_MILLISECONDS,
        )
        try:
            yield Chromium(browser)
        finally:
            browser.close()


@contextmanager
def profiled(folder: Path, *arguments: str) -> Iterator[Page]:
    """An empty page of a browser that has a profile, as people's have: such a one also connects to
    hosts ahead of what it will ask them."""
    program = install_package()
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=program,
            args=[*_ARGUMENTS, *arguments],
            timeout=_MILLISECONDS,
        )
        try:
            context.set_default_timeout(_MILLISECONDS)
            yield context.new_page()
        finally:
            context.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A browser for all tests of a file. Without its package they are skipped, or fail where
    CI=true."""
    with debian.needed():
        install_package()
    with launched() as browser:
        yield browser
