"""Feeds, real in kind, odd, and hostile."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.feeds import FEED_BYTES, FeedEntry, parse_feed

URL = "https://example.org/feed.xml"
MOMENT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

RSS2 = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>
<item><title>Mine &amp; mill</title><link>/a?x=1&amp;y=2#c</link><guid isPermaLink="false">7</guid>
<pubDate>Sun, 22 Nov 2026 10:30:00 +0100</pubDate></item>
<item><title>No link, but a permanent guid</title><guid>https://example.org/b</guid></item>
<item><title>nothing to follow</title></item></channel></rss>"""

RSS1 = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="x"><title>Feed</title></channel>
<item rdf:about="https://example.org/a"><title>A</title><link>https://example.org/a</link>
<dc:date>2026-11-22T09:30:00Z</dc:date></item></rdf:RDF>"""

RSS091 = b"""<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
 "http://127.0.0.1:9/rss-0.91.dtd"><rss version="0.91"><channel><title>Feed</title>
<item><title>Caf&eacute;</title><link>https://example.org/a</link></item></channel></rss>"""

ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Feed</title><entry>
<title type="html">A</title><id>tag:example.org,2026:1</id>
<published>2026-11-22T09:30:00Z</published>
<link rel="alternate" type="text/html" href="a"/>
<link rel="alternate" type="application/pdf" href="a.pdf"/>
<link rel="enclosure" href="a.mp3"/></entry></feed>"""

JSON = {
    "version": "https://jsonfeed.org/version/1.1",
    "items": [
        {"id": 1, "url": "/a", "title": " A ", "date_published": "2026-11-22T10:30:00+01:00"},
        {"id": "https://example.org/b"},
        {"id": "x"},
        "no item",
    ],
}


def test_rss_2() -> None:
    """Links resolved, dates in UTC, a guid that is a permanent link stands for the link."""
    feed = parse_feed(RSS2, URL)
    assert feed.error is None
    assert feed.entries == (
        FeedEntry("https://example.org/a?x=1&y=2", "Mine & mill", MOMENT, "7"),
        FeedEntry(
            "https://example.org/b",
            "No link, but a permanent guid",
            guid="https://example.org/b",
        ),
    )


@pytest.mark.parametrize("body", [RSS1, ATOM], ids=["RSS 1.0", "Atom"])
def test_other_formats(body: bytes) -> None:
    """The link to the page, not to a PDF or a sound of it."""
    (entry,) = parse_feed(body, URL).entries
    assert (entry.url, entry.title, entry.published) == ("https://example.org/a", "A", MOMENT)


def test_rss_091_with_a_dtd_elsewhere() -> None:
    """Nothing is fetched; characters named as in HTML are known all the same."""
    assert parse_feed(RSS091, URL).entries == (FeedEntry("https://example.org/a", "Café"),)


def test_json_feed() -> None:
    """Entries that are none are left out."""
    feed = parse_feed(json.dumps(JSON).encode(), URL)
    assert feed.entries == (
        FeedEntry("https://example.org/a", "A", MOMENT, "1"),
        FeedEntry("https://example.org/b", guid="https://example.org/b"),
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    """By byte order mark, or by the declaration."""
    text = (
        f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><rss version="2.0">'
        "<channel><item><title>Grève</title><link>/a</link></item></channel></rss>"
    )
    (entry,) = parse_feed(text.encode(encoding), URL).entries
    assert entry.title == "Grève"


def test_charset_of_the_header_wins() -> None:
    """RFC 7303; one that nobody knows is passed over."""
    body = (
        '<rss version="2.0"><channel><item><title>Ж</title><link>/a</link></item></channel></rss>'
    )
    coded = body.encode("windows-1251")
    for charset in ("windows-1251", "x-nobody-knows"):
        (entry,) = parse_feed(coded, URL, f"text/xml; charset={charset}").entries
        assert (entry.title == "Ж") is (charset == "windows-1251")


def test_cut_feed() -> None:
    """What came whole is used."""
    assert [entry.url for entry in parse_feed(RSS2[: RSS2.index(b"No link")], URL).entries] == [
        "https://example.org/a?x=1&y=2"
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "empty"),
        (b" \n\0", "empty"),
        (b"<!doctype html><html><p>not found</p></html>", "neither"),
        (b"/etc/passwd", "neither"),
        (b"https://example.org/", "neither"),
        (b"\x1f\x8b\x08\x00", "neither"),
        (b'{"a": 1}', "no list of items"),
        (b"{" * 100_000, "not valid JSON"),
        (b'{"items": ' + b"[" * 100_000, "not valid JSON"),
        (b"<rss>" + b"<" * 1000, "not well-formed"),
        (b"<rss " + b"a=1 " * 200_000 + b">", "too complex"),
        (b"<rss>" + b"<a>" * 100_000, "too complex"),
        (b" " * (FEED_BYTES + 1), "more than"),
    ],
)
def test_no_feeds(body: bytes, error: str) -> None:
    """A clear word on each, and no traceback; a body is never taken for a file name."""
    feed = parse_feed(body, URL)
    assert feed.entries == ()
    assert error in (feed.error or "")


def test_entities_do_not_grow() -> None:
    """Billion laughs: a megabyte would become terabytes."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30))
    body = (
        f'<!DOCTYPE rss [<!ENTITY a0 "lol"><!ENTITY f SYSTEM "file:///etc/passwd">{entities}]>'
        '<rss version="2.0"><channel><item><title>x&a29;&f;</title><link>/a</link></item>'
        "</channel></rss>"
    )
    feed = parse_feed(body.encode(), URL)
    assert feed.error or feed.entries == (FeedEntry("https://example.org/a", "x"),)


def test_empty_feed_is_a_feed() -> None:
    """A quiet newsroom is no error."""
    feed = parse_feed(b'<rss version="2.0"><channel><title>x</title></channel></rss>', URL)
    assert feed.error is None


@given(st.binary() | st.text().map(lambda text: f"<rss><channel><item>{text}".encode()))
def test_any_bytes(body: bytes) -> None:
    """Nothing raises."""
    parse_feed(body, URL)


def test_vectors_of_feedparser(shared: Path) -> None:
    """398 of 400; the two others are CDF, which no newsroom has used since 1999."""
    folder = shared / "data" / "vectors" / "feedparser"
    files = sorted(folder.rglob("*.xml"))
    if not files:
        pytest.skip("needs the test vectors of feedparser")
    failed = [file for file in files if parse_feed(file.read_bytes(), URL).error]
    assert {file.parent.name for file in failed} <= {"cdf"}
    assert len(files) - len(failed) >= 398
