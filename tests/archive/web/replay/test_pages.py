"""In Chromium: pages look as they did, whatever way they came, and say what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import brotli
import pytest
import zstandard
from playwright.sync_api import Frame

from tests.archive.web.replay.staging import (
    AT,
    HTML,
    LIVE,
    PNG,
    Stage,
    Web,
    file,
    html,
    inner_frame,
    live,
    shown,
    staged,
)
from tests.exchanges import response
from tests.servers.chromium import Chromium, screenshot

SITE = "http://news.example"
CDN = "https://cdn.example"
STYLE = "@import url(more.css); h1 { color: rgb(10, 20, 30); background: url(/tile.png) }"
HEAD = (
    f"<!doctype html><html><head><title>The Courier</title>"
    f"<link rel=stylesheet href='{CDN}/theme/main.css'></head>"
)
PICTURES = f"<img id=near src=../pictures/a.png><img id=far src='{CDN}/b.png'>"
PAGE = (
    f"{HEAD}<body><h1>Night shifts</h1><p id=text>Read in the archive.</p>{PICTURES}</body></html>"
)
CYRILLIC = (
    f"{HEAD}<body><h1>Ночные смены</h1><p id=text>Прочитано в архиве.</p>{PICTURES}</body></html>"
)
SCRIPTED = (
    f"{HEAD}<body><h1>Only with scripts</h1><p id=text>Loading…</p>{PICTURES}"
    "<script>document.getElementById('text').textContent = 'Filled in'</script>"
    "<noscript><p id=plain>The plain version</p></noscript></body></html>"
)


def coded(coding: str, body: bytes) -> bytes:
    return response(body, HTML, b"Content-Encoding: " + coding.encode())


MESSAGES = [
    html(f"{SITE}/2026/static", PAGE),
    html(f"{SITE}/2026/static", PAGE.replace("Night", "Day"), seconds=3600),
    (f"{SITE}/2026/br", coded("br", brotli.compress(PAGE.encode())), 0),
    (f"{SITE}/2026/zstd", coded("zstd", zstandard.compress(PAGE.encode())), 0),
    (
        f"{SITE}/2026/cp1251",
        response(
            CYRILLIC.replace("<head>", "<head><meta charset=windows-1251>").encode("cp1251"),
            b"Content-Type: text/html",
        ),
        0,
    ),
    html(
        f"{SITE}/2026/framing",
        f"{HEAD}<h1>Framing</h1><iframe src=/2026/static></iframe>"
        f"<iframe src='https://other.example/'></iframe>"
        "<iframe referrerpolicy=no-referrer src=/2026/br></iframe>",
    ),
    html("https://other.example/", f"{HEAD}<h1>Framed</h1><img id=far src='{CDN}/b.png'>"),
    (
        f"{SITE}/2026/moved",
        response(b"", b"Location: /2026/static", status=b"301 Moved Permanently"),
        0,
    ),
    html(
        f"{SITE}/2026/leading",
        f"{HEAD}<h1>Leading</h1><a id=moved href=/2026/moved>a redirect</a>"
        "<a id=far href='https://other.example/#part'>elsewhere</a>"
        "<a id=up href='../../../../2026/static'>too far up</a>"
        f"<a id=never href='{SITE}/never'>not archived</a><a id=notes href=/notes.txt>a file</a>"
        "<a id=here href='#end'>further down</a><p id=end style='margin-top: 200vh'>The end",
    ),
    html(f"{SITE}/2026/endless", "<link rel=x>" * 200_000),
    file(f"{SITE}/notes.txt", b"Plain notes", "text/plain"),
    html(f"{SITE}/2026/scripted", SCRIPTED),
    html(
        f"{SITE}/2026/odd",
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">"
        f"{PAGE}<img id=up src='../../../../../../pictures/a.png'><img id=gone src=/gone.png>"
        f"<img id=moved src='{CDN}/moved.png'>",
        seconds=5,
    ),
    ("http://news.example/2026/refused", response(b"<h1>Denied</h1>", HTML, status=b"999 No"), 0),
    (
        "http://plain.example/",
        response(b"", b"Location: https://plain.example/", status=b"301 M"),
        0,
    ),
    html("https://plain.example/", "<h1>Over TLS</h1>", seconds=1),
    file(f"{CDN}/theme/main.css", STYLE.encode(), "text/css", seconds=2),
    file(f"{CDN}/theme/more.css", b"p { color: rgb(1, 1, 1) }", "text/css", seconds=2),
    file(f"{CDN}/tile.png", PNG, "image/png", seconds=2),
    file(f"{CDN}/b.png", PNG, "image/png", seconds=3),
    (f"{CDN}/moved.png", response(b"", b"Location: b.png", status=b"302 Found"), 0),
    # The scheme does not matter: a page may name another one than was captured.
    file("https://news.example/pictures/a.png", PNG, "image/png", seconds=4),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("stage"), MESSAGES) as running:
        yield running


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web(live) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_leaves(web: Web) -> Iterator[None]:
    yield
    assert web.asked() == []


def width(frame: Frame, picture: str) -> int:
    found: int = frame.evaluate(f"document.getElementById('{picture}').naturalWidth")
    return found


def colour(frame: Frame, selector: str = "h1") -> str:
    found: str = frame.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
    return found


def test_pages_of_every_kind_are_shown_with_their_style_and_pictures(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    texts = dict.fromkeys(("static", "br", "zstd", "moved"), "Read in the archive.")
    texts |= {"cp1251": "Прочитано в архиве.", "scripted": "Loading…"}
    with chromium.page(proxy=web.url) as page:
        for kind, text in texts.items():
            frame = stage.show(page, f"{SITE}/2026/{kind}")
            assert frame.inner_text("#text") == text
            assert (colour(frame), colour(frame, "p")) == ("rgb(10, 20, 30)", "rgb(1, 1, 1)")
            assert (width(frame, "near"), width(frame, "far")) == (1, 1)
            banner = page.inner_text("#banner")
            assert "22 November 2026, 10:00:00" in banner
            assert "script-driven parts are missing" in banner
            assert "status 200" in banner
            screenshot(page, f"replay-{kind}")
        assert frame.inner_text("#plain") == "The plain version"


def test_frames_are_filled_from_the_archive(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/framing")
        assert inner_frame(page, frame, 0).inner_text("h1") == "Night shifts"
        other = inner_frame(page, frame, 1)
        assert other.inner_text("h1") == "Framed"
        assert width(other, "far") == 1
        assert inner_frame(page, frame, 2).inner_text("h1") == "Night shifts"
        screenshot(page, "replay-framing")


@pytest.mark.slow
def test_a_page_may_be_found_by_an_address_with_a_second_port(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/static", main=stage.by_address)
        assert frame.url.startswith(f"http://127.0.0.1:{stage.replay_port}/r/")
        assert (width(frame, "near"), width(frame, "far")) == (1, 1)


@pytest.mark.slow
def test_the_banner_leads_to_other_captures(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        assert stage.show(page, f"{SITE}/2026/static").inner_text("h1") == "Night shifts"
        page.click("text=Later")
        assert shown(page).inner_text("h1") == "Day shifts"
        assert "11:00:00" in page.inner_text("#banner")
        page.click("text=Earlier")
        assert shown(page).inner_text("h1") == "Night shifts"
        page.click("text=Digest")
        assert "sha256:" in page.inner_text("#banner")


@pytest.mark.parametrize(
    ("link", "url", "heading"),
    [
        ("moved", f"{SITE}/2026/static", "Night shifts"),
        pytest.param("far", "https://other.example/", "Framed", marks=pytest.mark.slow),
        pytest.param("up", f"{SITE}/2026/static", "Night shifts", marks=pytest.mark.slow),
    ],
)
def test_links_stay_in_the_archive_and_the_banner_follows(
    stage: Stage, chromium: Chromium, web: Web, link: str, url: str, heading: str
) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/leading")
        frame.click(f"#{link}")
        assert shown(page, url).inner_text("h1") == heading
        page.wait_for_url(stage.url(url))
        page.wait_for_selector(f'#banner[data-url="{url}"]')
        page.go_back()
        assert shown(page, f"{SITE}/2026/leading").inner_text("h1") == "Leading"
        page.wait_for_url(stage.url(f"{SITE}/2026/leading"))


@pytest.mark.slow
def test_a_link_within_the_page_stays_in_it(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/leading")
        frame.evaluate("document.body.dataset.same = 'yes'")
        frame.click("#here")
        assert frame.evaluate("document.body.dataset.same") == "yes"
        assert frame.evaluate("scrollY") > 100


def test_a_link_to_what_is_not_archived_leads_to_what_is_said_of_it(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    with chromium.page(proxy=web.url) as page:
        stage.show(page, f"{SITE}/2026/leading").click("#never")
        page.wait_for_url(stage.url(f"{SITE}/never"))
        assert "Not in the archive" in page.inner_text("main")
        page.go_back()
        assert shown(page, f"{SITE}/2026/leading").inner_text("h1") == "Leading"


@pytest.mark.slow
def test_a_link_to_a_file_leads_to_the_file(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        stage.show(page, f"{SITE}/2026/leading").click("#notes")
        page.wait_for_url(stage.url(f"{SITE}/notes.txt"))
        assert page.inner_text("body") == "Plain notes"


@pytest.mark.slow
def test_what_browsers_are_particular_about(stage: Stage, chromium: Chromium, web: Web) -> None:
    """A policy in the page, addresses that climb too far, redirected and missing pictures."""
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/odd", f"{AT[:-2]}05")
        assert colour(frame) == "rgb(10, 20, 30)"
        assert [width(frame, name) for name in ("near", "far", "up", "moved", "gone")] == [
            1, 1, 1, 1, 0,
        ]  # fmt: skip


@pytest.mark.slow
def test_a_status_that_no_browser_knows(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        assert stage.show(page, f"{SITE}/2026/refused").inner_text("h1") == "Denied"
        assert "status 999" in page.inner_text("#banner")


@pytest.mark.slow
def test_a_page_that_is_too_much_is_named_as_a_file(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/endless")
        assert frame.inner_text("h1") == "A file"
        assert f"{SITE}/2026/endless" in frame.inner_text("p")


@pytest.mark.slow
def test_a_redirect_to_https_is_no_circle(stage: Stage, chromium: Chromium, web: Web) -> None:
    with chromium.page(proxy=web.url) as page:
        assert stage.show(page, "http://plain.example/").inner_text("h1") == "Over TLS"


@pytest.mark.slow
def test_a_reload_past_the_worker_shows_the_page(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    with chromium.page(proxy=web.url) as page:
        stage.show(page, f"{SITE}/2026/static")
        session = page.context.new_cdp_session(page)
        session.send("Page.reload", {"ignoreCache": True})
        page.wait_for_load_state()
        assert shown(page).inner_text("h1") == "Night shifts"


@pytest.mark.slow
def test_a_window_of_its_own_comes_to_the_banner(
    stage: Stage, chromium: Chromium, web: Web
) -> None:
    with chromium.page(proxy=web.url) as page:
        frame = stage.show(page, f"{SITE}/2026/leading")
        with page.context.expect_page() as opened:
            frame.click("#far", modifiers=["Control"])
        other = opened.value
        other.wait_for_url(stage.url("https://other.example/#part"))
        assert shown(other).inner_text("h1") == "Framed"


@pytest.mark.slow
def test_without_the_worker_nothing_is_shown(stage: Stage, chromium: Chromium, web: Web) -> None:
    replay = f"http://replay.archive.localhost:{stage.port}"
    with chromium.page(proxy=web.url) as page:
        answer = page.goto(f"{replay}/r/{AT}/{SITE}/2026/static")
        assert answer is not None
        assert answer.status == 404
        assert f"{stage.main}/web/{AT}/{SITE}/2026/static" in page.inner_text("body")
        page.goto(f"{replay}/view/{AT}/{SITE}/2026/static")
        assert page.url == stage.url(f"{SITE}/2026/static")
        assert LIVE not in shown(page).inner_text("body")
