"""Pages that the real command archived, in Chromium, by the real server; the site itself is asked
nothing more."""

from __future__ import annotations

import gzip

import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import Pressmark
from tests.acceptance.serving import serving
from tests.archive.web.replay.staging import PNG, inner_frame, shown
from tests.servers.chromium import Chromium, screenshot
from tests.servers.routes import html, site
from tests.servers.wire import reply

pytestmark = pytest.mark.slow

STYLE = b"h1 { color: rgb(9, 8, 7); background: url(tile.png) }"


def test_a_page_that_was_captured_is_shown(pressmark: Pressmark, chromium: Chromium) -> None:
    css = reply(gzip.compress(STYLE), b"Content-Type: text/css", b"Content-Encoding: gzip")
    picture = reply(PNG, b"Content-Type: image/png")
    other_routes, other = site({"/far.png": picture, "/frame": html("<h1>Framed</h1>")})
    with other:
        page_of_it = html(
            "<!doctype html><title>Captured</title><link rel=stylesheet href=/css/main.css>"
            f"<h1>Captured</h1><img id=near src=near.png><img id=far src={other.url}/far.png>"
            f"<iframe src={other.url}/frame></iframe><a href=/next>next</a>"
            f"<iframe sandbox srcdoc='<img src={other.url}/leak.png>'></iframe>"
            f"<script>new Image().src = '{other.url}/leak.png'</script>"
        )
        routes, own = site(
            {
                "/news/": page_of_it,
                "/next": html("<h1>Next</h1>"),
                "/css/main.css": css,
                "/css/tile.png": picture,
                "/news/near.png": picture,
            }
        )
        with own:
            urls = [f"{own.url}/news/", f"{own.url}/next", f"{other.url}/frame"]
            archived = pressmark("archive", *urls, "--json")
            assert archived.status == 0, archived.stderr
            asked = len(routes.asked), len(other_routes.asked)
            with serving(pressmark) as server, chromium.page() as page:
                page.goto(f"{server.url}/web/{urls[0]}")
                frame = shown(page)
                widths = "['near', 'far'].map((id) => document.getElementById(id).naturalWidth)"
                assert frame.evaluate(widths) == [1, 1]
                colour = frame.evaluate("getComputedStyle(document.querySelector('h1')).color")
                assert colour == "rgb(9, 8, 7)"
                assert inner_frame(page, frame).inner_text("h1") == "Framed"
                screenshot(page, "replay-captured")
                frame.click("text=next")
                assert shown(page, urls[1]).inner_text("h1") == "Next"
            assert (len(routes.asked), len(other_routes.asked)) == asked


def test_the_page_of_the_demo_looks_as_it_did(pressmark: Pressmark, chromium: Chromium) -> None:
    with DemoSite() as demo:
        line = pressmark("archive", demo.seed_url, "--json").line
    with serving(pressmark) as server, chromium.page() as page:
        page.goto(server.url + line["memento"])
        frame = shown(page)
        assert "Almaty" in frame.inner_text("body")
        broken = "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)"
        assert frame.evaluate(broken) == []
        assert line["digest"] in page.inner_html("#banner")
        screenshot(page, "replay-demo")
        page.click("text=As it was sent")
        assert page.url.endswith(f"/web/{line['timestamp']}id_/{demo.seed_url}")
