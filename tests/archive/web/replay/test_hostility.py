"""In Chromium: what a page that means harm gets, by itself and with a script that it has not.

Its own scripts do not run. So that this is not all that stands between it and us, what they would
do is done for them as well, by the test.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Error, Frame, Page

from tests.archive.web.replay.staging import (
    AT,
    HTML,
    Stage,
    Web,
    file,
    html,
    leaked,
    live,
    settle,
    shown,
    staged,
)
from tests.exchanges import response
from tests.servers.chromium import Chromium, screenshot

SITE = "http://hostile.example"
DO = "document.title = 'ran'; try { top.document.title = 'ran' } catch (e) {}"
SCRIPTS = f"""<!doctype html><title>quiet</title>
<script>{DO}</script>
<script src=/x.js></script>
<script type=module>{DO}</script>
<img src=data: onerror="{DO}"><svg onload="{DO}"></svg><body onload="{DO}">
<iframe src="javascript:parent.{DO}"></iframe>
<iframe srcdoc="<script>parent.{DO}</script>"></iframe>
<object data="data:text/html,<script>parent.{DO}</script>"></object>
<embed src="/x.svg"><iframe src="/x.svg"></iframe>
<a id=run href="javascript:{DO}">click</a>
<details open ontoggle="{DO}">x</details><marquee onstart="{DO}">x</marquee>
<style>@keyframes k {{}} p {{ animation: k 1s }}</style><p onanimationstart="{DO}">x</p>
"""
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{DO}"><script>{DO}</script></svg>'
MESSAGES = [
    html(f"{SITE}/scripts", SCRIPTS),
    file(f"{SITE}/x.js", DO.encode(), "text/javascript"),
    file(f"{SITE}/x.svg", SVG.encode(), "image/svg+xml"),
    file(f"{SITE}/worker.js", b"self.onfetch = () => {}", "text/javascript"),
    (
        f"{SITE}/headers",
        response(
            b"<title>quiet</title><h1>Shown</h1>",
            HTML,
            b"Set-Cookie: planted=1; Path=/",
            b"Set-Cookie: wide=1; Domain=localhost; Path=/",
            b"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox",
            b"X-Frame-Options: DENY",
            b"Refresh: 0; url=http://bait.example/",
            b'Clear-Site-Data: "*"',
            b"Service-Worker-Allowed: /",
            b"Strict-Transport-Security: max-age=31536000",
            b"Location: http://bait.example/",
            b"Link: <https://bait.example/>; rel=preconnect",
            b"X-Archive-Policy: script-src *",
            b"X-Archive-Location: http://bait.example/",
        ),
        0,
    ),
    html(
        f"{SITE}/framing",
        "<title>quiet</title><base target=_top><iframe src=/web/x></iframe><iframe src=/view/"
        f"{AT}/{SITE}/scripts></iframe><iframe src=/raw/{AT}/{SITE}/scripts></iframe>",
    ),
]
SECRET = "pressmark_session"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage"), MESSAGES) as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(live) as running:
        yield running


def sign_in(context: BrowserContext, stage: Stage, host: str) -> None:
    """Cookies as they are at the main origin: the session's, and one that scripts may read."""
    url = f"http://{host}:{stage.port}"
    context.add_cookies(
        [
            {"name": SECRET, "value": "s", "url": url, "httpOnly": True, "sameSite": "Lax"},
            {"name": "choice", "value": "c", "url": url},
        ]
    )


def refused(frame: Frame, script: str) -> bool:
    """Whether a script fails in the page, when it is run for it."""
    try:
        frame.evaluate(f"async () => {{ {script} }}")
    except Error:
        return True
    return False


def unharmed(page: Page, stage: Stage, path: str) -> bool:
    return page.url == stage.url(f"{SITE}{path}") and "ran" not in page.title()


def test_no_script_of_the_page_runs(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/scripts")
        frame.click("#run")
        settle(page)
        assert frame.title() == "quiet"
        assert unharmed(page, stage, "/scripts")
        screenshot(page, "replay-hostile")
    assert leaked(web) == []


def test_its_headers_count_for_nothing(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        sign_in(page.context, stage, "archive.localhost")
        frame = stage.show(page, f"{SITE}/headers")
        assert frame.inner_text("h1") == "Shown"
        # Nothing was set, nothing was cleared.
        assert {cookie["name"] for cookie in page.context.cookies()} == {SECRET, "choice"}
        assert unharmed(page, stage, "/headers")
    assert web.asked() == []


def test_our_cookies_and_our_page_are_out_of_reach(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    with chromium.page(proxy=web.url) as page:
        sign_in(page.context, stage, "archive.localhost")
        frame = stage.show(page, f"{SITE}/scripts")
        assert frame.evaluate("document.cookie") == ""
        assert refused(frame, "top.document.title = 'ran'")
        assert refused(frame, "top.location = 'http://bait.example/'")
        assert refused(frame, "top.postMessage({}, 'x')")
        assert frame.evaluate("window.open('http://bait.example/')") is None
        settle(page)
        assert unharmed(page, stage, "/scripts")
        assert len(page.context.pages) == 1
    assert leaked(web) == []


@pytest.mark.slow
def test_behind_a_second_port_the_session_is_out_of_reach(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    """Cookies ignore ports: what scripts may read is read there, which is why none of ours is."""
    with chromium.page(proxy=web.url) as page:
        sign_in(page.context, stage, "127.0.0.1")
        frame = stage.show(page, f"{SITE}/scripts", main=stage.by_address)
        assert frame.evaluate("document.cookie") == "choice=c"
        assert refused(frame, "top.document.title = 'ran'")
        assert frame.evaluate("Object.keys(localStorage).length") == 0


@pytest.mark.slow
def test_no_other_worker_is_registered(stage: Stage, chromium: Chromium, web: Web) -> None:
    archived = [f"/{where}/{AT}/{SITE}/worker.js" for where in ("raw", "r", "x", "view")]
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/scripts")
        for script in (*archived, "/worker.js", "/wrapper.js"):
            register = f"await navigator.serviceWorker.register('{script}', {{scope: '/r/'}})"
            assert refused(frame, register), script


@pytest.mark.slow
def test_ours_is_not_shown_in_its_frames(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        stage.show(page, f"{SITE}/framing")
        page.wait_for_timeout(300)
        assert unharmed(page, stage, "/framing")
        addresses = [frame.url for frame in page.frames[3:]]
        assert all("/r/" in url or not url for url in addresses), addresses


@pytest.mark.slow
def test_nobody_else_may_frame_either_origin(stage: Stage, chromium: Chromium, web: Web) -> None:
    replay = f"http://replay.archive.localhost:{stage.port}"
    with chromium.page(proxy=web.url) as page:
        page.goto("http://elsewhere.example/")
        for url in (stage.url(f"{SITE}/scripts"), f"{replay}/view/{AT}/{SITE}/scripts"):
            page.set_content(f"<iframe src='{url}'></iframe>")
            page.wait_for_timeout(300)
            assert "archive.localhost" not in page.frames[1].url


@pytest.mark.slow
def test_a_message_from_elsewhere_moves_nothing(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        stage.show(page, f"{SITE}/scripts")
        page.evaluate(
            "postMessage({ts: '20260101000000', url: 'http://hostile.example/headers'}, '*')"
        )
        page.wait_for_timeout(300)
        assert page.get_attribute("#banner", "data-url") == f"{SITE}/scripts"
        assert shown(page).title() == "quiet"
