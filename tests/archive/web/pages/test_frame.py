"""What every page has: its frame, its policy, and files that are kept for ever."""

from __future__ import annotations

import asyncio
import re

import pytest
from jinja2 import Environment
from lxml import html

from archive.web.pages import rendering
from archive.web.pages.filters import marked, number, size
from archive.web.pages.rendering import POLICY, environment
from archive.web.pages.static import asset
from tests.archive.web.pages.everything import PAGES
from tests.archive.web.pages.library import STRIKE
from tests.archive.web.pages.looking import at, opened, parsed, texts
from tests.archive.web.serving import Served

_HANDLERS = re.compile("on[a-z]+")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_its_landmarks_and_nothing_within_that_the_policy_forbids(
    pages: Served, name: str
) -> None:
    path, status = PAGES[name]
    response = pages.get(path)
    assert response.status_code == status
    assert response.headers["content-security-policy"].startswith(POLICY)
    assert response.headers["x-content-type-options"] == "nosniff"
    page = parsed(response)
    assert page.get("lang") == "en"
    assert len(page.cssselect("h1")) == 1
    assert all(len(page.cssselect(landmark)) == 1 for landmark in ("main", "header.top", "footer"))
    (skip, *_) = page.cssselect("body a")
    assert skip.get("href") == "#main"
    assert len(page.cssselect("[role=search]")) == 1
    assert texts(page, "title")[0].endswith("· Pressmark")
    ids = [found.get("id") for found in page.cssselect("[id]")]
    assert len(ids) == len(set(ids))
    for found in page.iter(html.etree.Element):
        assert found.tag not in ("style", "object", "embed", "base")
        assert not any(map(_HANDLERS.fullmatch, found.keys())), found.attrib
        assert "style" not in found.keys()  # noqa: SIM118 - an element is no mapping
        if found.tag == "script":
            assert found.get("src").startswith("/static/")
            assert not found.text


@pytest.mark.parametrize("name", ["pressmark.css", "htmx.min.js", "pressmark.js", "mark.svg"])
def test_files_are_kept_for_ever_under_an_address_of_their_own(pages: Served, name: str) -> None:
    response = pages.get(asset(name))
    assert response.status_code == 200
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert pages.get(f"/static/{'0' * 16}/{name}").status_code == 404
    head = pages.client.head(pages.url + asset(name))
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", ["/static/", "/static/x", "/static/../rendering.py", "/static//a"])
def test_nothing_else_is_given_out(pages: Served, path: str) -> None:
    assert pages.get(path).status_code == 404


def test_the_script_of_others_is_named_with_its_licence(pages: Served) -> None:
    text = pages.get(asset("htmx.LICENSE.txt")).text
    version = re.search(r'version:"([\d.]+)"', pages.get(asset("htmx.min.js")).text)
    assert version is not None
    assert text.startswith(f"htmx {version[1]} ")
    assert "Zero-Clause BSD" in text


def test_templates_escape_whatever_their_name() -> None:
    for name in environment().list_templates():
        environment().get_template(name)
    assert environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"
    assert marked("<a> & b", ((0, 3), (6, 7))) == "<mark>&lt;a&gt;</mark> &amp; <mark>b</mark>"


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_234_567, "1.23 MB")]
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown


def test_numbers() -> None:
    assert number(1234567) == "1\u202f234\u202f567"


@pytest.mark.parametrize("path", ["/captures", "/document", "/diff"])
def test_long_pages_are_made_beside_the_event_loop(
    pages: Served, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bool] = []
    templates = rendering.environment()

    def noted() -> Environment:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            made.append(True)
        else:
            made.append(False)
        return templates

    monkeypatch.setattr(rendering, "environment", noted)
    opened(pages, at(path, url=STRIKE))
    assert made == [True]
