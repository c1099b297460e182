from __future__ import annotations

import gzip
import http.client
import json
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import brotli
import pytest

from crawler.demo.site import DemoSite

FIXTURE = files("crawler.demo") / "bhrrc"


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite() as running:
        yield running


def fetch(
    site: DemoSite, path: str, method: str = "GET"
) -> tuple[int, http.client.HTTPMessage, bytes]:
    port = urlsplit(site.url).port
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def test_every_reference_of_the_own_pages_is_answered(site: DemoSite) -> None:
    pages = ["/", "/valley/", *(story.path for story in site.stories)]
    found = set()
    for page in pages:
        status, headers, body = fetch(site, page)
        assert status == 200
        undone = {"gzip": gzip.decompress, "br": brotli.decompress}
        text = undone.get(headers["Content-Encoding"] or "", bytes)(body).decode(
            headers.get_content_charset("ascii")
        )
        for address in re.findall(r'(?:href|src)="([^"]+)"', text):
            found.add(urlsplit(urljoin(site.url, address)).path)
    css = fetch(site, "/static/site.css")[2].decode()
    named = re.findall(r'@import "([^"]+)"', css) + re.findall(r"url\(([^)]+)\)", css)
    assert named == ["type.css", "paper.png"]
    found |= {f"/static/{name}" for name in named}
    statuses = {path: fetch(site, path)[0] for path in found}
    assert len(statuses) > 20
    assert statuses.pop("/gone.html") == 404
    assert statuses.pop("/old/night-shifts.html") == 301
    assert set(statuses.values()) == {200}


def test_the_seed_page_is_served_byte_for_byte_at_its_own_path(site: DemoSite) -> None:
    expected = json.loads((FIXTURE / "expected.json").read_text())
    assert urlsplit(site.seed_url).path == urlsplit(expected["url"]).path
    status, headers, body = fetch(site, urlsplit(site.seed_url).path)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body == (FIXTURE / "bhrrc.html").read_bytes()
    assert fetch(site, "/static/css/main.css")[0] == 200


def test_the_codings_and_framings_that_a_recorder_meets(site: DemoSite) -> None:
    by_slug = {story.slug: story.path for story in site.stories}
    _, headers, body = fetch(site, by_slug["night-shifts"])
    assert (headers["Content-Encoding"], headers["Transfer-Encoding"]) == ("gzip", "chunked")
    assert headers["Content-Length"] is None
    assert "night shifts" in gzip.decompress(body).decode()
    _, headers, body = fetch(site, by_slug["archives-municipales"])
    assert (headers["Content-Encoding"], headers["Content-Length"]) == ("br", str(len(body)))
    assert "les archives de la ville" in brotli.decompress(body).decode()
    _, headers, body = fetch(site, by_slug["school-bus"])
    assert headers["Content-Type"] == "text/html; charset=windows-1251"
    assert "Школьный автобус" in body.decode("windows-1251")


def test_stories_are_in_several_languages_and_long_enough_to_extract(site: DemoSite) -> None:
    assert {story.language for story in site.stories} == {"en", "fr", "ru", "ar", "zh"}
    assert all(len(story.paragraphs) >= 4 for story in site.stories)
    assert all(story.published.tzinfo for story in site.stories)


def test_feed_and_sitemap_list_every_story(site: DemoSite) -> None:
    addresses = {site.story_url(story) for story in site.stories}
    feed = ElementTree.fromstring(fetch(site, urlsplit(site.feed_url).path)[2])
    assert {link.text for link in feed.iterfind("./channel/item/link")} == addresses
    sitemap = ElementTree.fromstring(fetch(site, urlsplit(site.sitemap_url).path)[2])
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert {place.text for place in sitemap.iterfind(f"./{space}url/{space}loc")} == addresses
    assert f"Sitemap: {site.sitemap_url}" in fetch(site, "/robots.txt")[2].decode()


def test_pictures_are_whole(site: DemoSite) -> None:
    body = fetch(site, f"/pictures/{site.stories[0].slug}-small.png")[2]
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    assert body.endswith(b"IEND" + zlib.crc32(b"IEND").to_bytes(4, "big"))
    start = body.index(b"IDAT") + 4
    size = int.from_bytes(body[start - 8 : start - 4], "big")
    assert len(zlib.decompress(body[start : start + size])) == 180 * (1 + 3 * 320)


def test_head_and_the_unknown(site: DemoSite) -> None:
    status, headers, body = fetch(site, "/", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 1000
    assert fetch(site, "/nothing")[0] == 404
    assert fetch(site, "/?utm_source=x")[0] == 200


def test_it_ends_although_a_client_keeps_its_connection() -> None:
    before = set(threading.enumerate())
    with DemoSite() as site:
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(site.url).port, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read()
    with closing(connection):
        assert set(threading.enumerate()) <= before


def test_two_sites_at_once_have_the_same_bytes_but_for_their_address(site: DemoSite) -> None:
    with DemoSite() as other:
        assert other.url != site.url
        assert fetch(other, "/")[2] == fetch(site, "/")[2]
