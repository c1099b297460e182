"""Sitemaps, real in kind, odd, and hostile."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery import sitemaps
from crawler.discovery.sitemaps import Sitemap, SitemapEntry, parse_sitemap

URL = "https://example.org/sitemap.xml"
NS = "http://www.sitemaps.org/schemas/sitemap/0.9"

URLSET = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="{NS}" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc> https://example.org/a?x=1&amp;y=2 </loc><lastmod>2026-11-22</lastmod>
<image:image><image:loc>https://example.org/no.png</image:loc></image:image></url>
<!-- <url><loc>https://example.org/no</loc></url> -->
<url><loc>/b</loc><news:news><news:publication><news:name>N</news:name></news:publication>
<news:publication_date>2026-11-21T08:00:00Z</news:publication_date>
<news:title>B &lt; C</news:title></news:news></url>
<url><loc>javascript:void(0)</loc></url></urlset>""".encode()

ENTRIES = (
    SitemapEntry("https://example.org/a?x=1&y=2", modified="2026-11-22"),
    SitemapEntry("https://example.org/b", published="2026-11-21T08:00:00Z", title="B < C"),
)


def test_urlset_with_news() -> None:
    """Pages with their dates; pictures and comments are none."""
    assert parse_sitemap(URLSET, URL) == Sitemap(ENTRIES)


def test_namespaces_do_not_matter() -> None:
    """None, or a wrong one."""
    for namespace in ("", "http://www.google.com/schemas/sitemap/0.84"):
        assert (
            parse_sitemap(URLSET.replace(NS.encode(), namespace.encode()), URL).entries == ENTRIES
        )


def test_index() -> None:
    """Other sitemaps, also where the URL stands right in the entry."""
    body = (
        b"<sitemapindex><sitemap><loc>/1.xml</loc><lastmod>2026</lastmod></sitemap>"
        b"<sitemap>https://example.org/2.xml?a&amp;b</sitemap></sitemapindex>"
    )
    assert parse_sitemap(body, URL) == Sitemap(
        sitemaps=("https://example.org/1.xml", "https://example.org/2.xml?a&b")
    )


def test_gzip_by_its_first_bytes() -> None:
    """Once, or once more under way; a cut one gives what there is."""
    assert parse_sitemap(gzip.compress(URLSET), URL).entries == ENTRIES
    assert parse_sitemap(gzip.compress(gzip.compress(URLSET)), URL).entries == ENTRIES
    many = b"".join(b"<url><loc>/%d</loc></url>" % n for n in range(5000))
    cut = gzip.compress(b"<urlset>" + many + b"</urlset>")
    assert 1000 < len(parse_sitemap(cut[: len(cut) // 2], URL).entries) < 5000


def test_gzip_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is decoded than a sitemap may have."""
    monkeypatch.setattr(sitemaps, "SITEMAP_BYTES", 1 << 20)
    body = gzip.compress(b"<urlset>" + b" " * (2 << 20))
    assert "more than 1048576 bytes" in (parse_sitemap(body, URL).error or "")


def test_text_and_feeds() -> None:
    """The protocol allows both."""
    text = "\ufeffhttps://example.org/a\r\n\r\nhttps://example.org/b\nnot a url\n".encode()
    assert [entry.url for entry in parse_sitemap(text, URL).entries] == [
        "https://example.org/a",
        "https://example.org/b",
    ]
    rss = b'<rss version="2.0"><channel><item><link>/a</link></item></channel></rss>'
    assert [entry.url for entry in parse_sitemap(rss, URL).entries] == ["https://example.org/a"]


def test_utf_16() -> None:
    """By its byte order mark."""
    text = URLSET.decode().replace("UTF-8", "UTF-16")
    assert parse_sitemap(text.encode("utf-16"), URL).entries == ENTRIES


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "empty"),
        (b"\0\0\0", "empty"),
        (b"\0<a\0", "XML"),
        (b"no urls here", "neither XML nor"),
        (b"<!doctype html><html><body><p>not found</p></body></html>", "XML"),
        (b"<", "XML"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"\x1f\x8b\x08\x00rubbish", "empty"),
        (b"\x1f\x8brubbish", "decoded"),
        (b"<html><p>not found</p></html>", "'html'"),
        (b"<urlset " + b"a=1 " * 200_000 + b">", "too complex"),
        (b"<?xml version='1.0' encoding='nobody-knows'?><urlset><url>", "XML"),
    ],
)
def test_no_sitemaps(body: bytes, error: str) -> None:
    """A clear word on each, and no traceback."""
    sitemap = parse_sitemap(body, URL)
    assert sitemap.entries == ()
    assert error in (sitemap.error or "")


def test_broken_ones_give_what_can_be_read() -> None:
    """NULs and stray ampersands are common."""
    for odd in (b"<url><loc>/a&b</loc></url>", b"<url><loc>/c\0</loc></url>", b"<url><loc>/d"):
        body = b"<urlset><url><loc>/first</loc></url>" + odd
        assert parse_sitemap(body, URL).entries[0].url == "https://example.org/first"


def test_entities_do_not_grow() -> None:
    """Neither billion laughs nor files of this machine."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    body = (
        f'<!DOCTYPE urlset [<!ENTITY a0 "x"><!ENTITY f SYSTEM "file:///etc/passwd">{entities}]>'
        "<urlset><url><loc>/a&a29;&f;</loc></url></urlset>"
    )
    sitemap = parse_sitemap(body.encode(), URL)
    assert sitemap.error or sitemap.entries == (SitemapEntry("https://example.org/a"),)


@given(st.binary() | st.text().map(lambda text: f"<urlset><url><loc>{text}".encode()))
def test_any_bytes(body: bytes) -> None:
    """Nothing raises."""
    parse_sitemap(body, URL)


def test_vectors_of_crawler_commons(shared: Path) -> None:
    """18 of 18 sitemaps have pages, or sitemaps, and no error."""
    folder = shared / "data" / "vectors" / "crawler-commons" / "src/test/resources/sitemaps"
    files = sorted(file for file in folder.rglob("*.*") if file.is_file())
    if not files:
        pytest.skip("needs the test vectors of crawler-commons")
    for file in files:
        sitemap = parse_sitemap(file.read_bytes(), "http://www.example.com/sitemap.xml")
        assert sitemap.error is None, file
        assert sitemap.entries or sitemap.sitemaps, file
