"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom, CDF (feedparser), and JSON Feed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser

from crawler.discovery.urls import Base

FEED_BYTES = 16 << 20
"""Bytes that a feed may have; the largest real ones have two million."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a feed that links to a page."""

    url: str  #: absolute, http or https, without fragment
    title: str | None = None
    published: datetime | None = None  #: aware UTC; the time of the last change where no other is given
    guid: str | None = None  #: as the feed has it


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says; with an `error` perhaps nothing, perhaps its legible part."""

    entries: tuple[FeedEntry, ...] = ()  #: in order, each URL once
    error: str | None = None  #: why it is no feed; half a sentence


# The first element names the format. NULs are dropped before, so that UTF-16 is recognised too.
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)[\s>/]", re.IGNORECASE)
_HEAD = 1 << 16


def parse_feed(body: bytes, url: str, content_type: str = "") -> Feed:
    """Read a feed that was found at `url`. Never raises: what is no feed comes back as an error.

    `content_type` is the header's value; its charset wins (RFC 7303).
    """
    if len(body) > FEED_BYTES:
        return Feed(error=f"it has more than {FEED_BYTES} bytes")
    start = body[:_HEAD].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return Feed(error="it is empty")
    if start[:1] == b"{":
        return _json_feed(body, url)
    if not _ROOT.search(start):
        return Feed(error="it is neither RSS, Atom nor JSON Feed")
    return _xml_feed(body, url, content_type)


def _xml_feed(body: bytes, url: str, content_type: str) -> Feed:
    headers = {"content-location": url}
    if content_type:
        headers["content-type"] = content_type
    try:
        # A stream, because feedparser takes bytes and str for the name of a file or a URL to open.
        parsed = feedparser.parse(
            BytesIO(body),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # noqa: BLE001 - feedparser lets errors of half a dozen libraries through
        return Feed(error=f"it cannot be read ({type(error).__name__})")
    base = Base(url)
    entries = _unique(_xml_entry(entry, base) for entry in parsed["entries"])
    if entries or (parsed.get("version") and not parsed.get("bozo")):
        return Feed(entries)
    if not parsed.get("version"):
        return Feed(error="it is neither RSS nor Atom")
    return Feed(error="it is not well-formed, and no entry could be read")


def _xml_entry(entry: Mapping[str, Any], base: Base) -> FeedEntry | None:
    # dict.get, because feedparser's own makes up missing keys from others, with warnings.
    link = dict.get(entry, "feedburner_origlink") or _link(entry)
    guid = dict.get(entry, "id")
    address = base.resolve(link) if isinstance(link, str) else None
    if address is None:
        return None
    moment = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    title = dict.get(entry, "title")
    return FeedEntry(
        url=address,
        title=" ".join(title.split()) or None if isinstance(title, str) else None,
        published=_utc(moment),
        guid=guid if isinstance(guid, str) else None,
    )


def _link(entry: Mapping[str, Any]) -> str | None:
    """The link to the page; `link` is the last `alternate` of any type, the page's is text/html."""
    candidates = [
        link.get("href")
        for link in dict.get(entry, "links") or ()
        if link.get("rel") == "alternate" and "html" in (link.get("type") or "")
    ]
    return next((href for href in candidates if href), dict.get(entry, "link"))


def _utc(moment: Any) -> datetime | None:
    """Of feedparser's struct_time, which is UTC."""
    if not moment:
        return None
    try:
        return datetime(*tuple(moment)[:6], tzinfo=UTC)
    except (TypeError, ValueError):
        return None


def _json_feed(body: bytes, url: str) -> Feed:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org)."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return Feed(error="it is not valid JSON")
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        return Feed(error="it is JSON, but no JSON Feed: it has no list of items")
    base = Base(url)
    return Feed(_unique(_json_entry(item, base) for item in items if isinstance(item, dict)))


def _json_entry(item: Mapping[str, Any], base: Base) -> FeedEntry | None:
    link, title, guid = item.get("url"), item.get("title"), item.get("id")
    if not isinstance(link, str):
        link = guid if isinstance(guid, str) and guid.startswith("http") else ""
    address = base.resolve(link)
    if address is None:
        return None
    return FeedEntry(
        url=address,
        title=" ".join(title.split()) or None if isinstance(title, str) else None,
        published=_iso(item.get("date_published") or item.get("date_modified")),
        guid=str(guid) if isinstance(guid, (str, int)) else None,
    )


def _iso(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _unique(entries: Iterable[FeedEntry | None]) -> tuple[FeedEntry, ...]:
    found: dict[str, FeedEntry] = {}
    for entry in entries:
        if entry is not None:
            found.setdefault(entry.url, entry)
    return tuple(found.values())
