"""Feeds: RSS 0.9x, 1.0 and 2.0, Atom (feedparser), and JSON Feed."""

from __future__ import annotations

import json
import re
from calendar import timegm
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html.entities import html5
from io import BytesIO
from typing import Any

import feedparser
from lxml import etree

from crawler.discovery.urls import Base
from pipelines.extraction.prescan import refusal

FEED_BYTES = 8 << 20
"""Bytes that a feed may have; a larger one would hold up the crawl for seconds."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a feed that links to a page."""

    url: str  #: absolute, http or https, without fragment
    title: str | None = None
    published: datetime | None = (
        None  #: aware UTC; the time of the last change where no other is given
    )
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
    if refusal(body):
        return Feed(error="its markup is too complex to be read safely")
    repaired = _repair(body, content_type)
    if repaired is None:
        return Feed(error="it is not XML")
    markup, intact = repaired
    try:
        # A stream, because feedparser takes bytes and str for the name of a file or a URL to open.
        parsed = feedparser.parse(
            BytesIO(markup),
            response_headers={
                "content-location": url,
                "content-type": "application/xml; charset=utf-8",
            },
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:  # noqa: BLE001 - it lets through what half a dozen libraries raise
        return Feed(error=f"it cannot be read ({type(error).__name__})")
    if not parsed.get("version") and not parsed["entries"]:
        return Feed(error="it is neither RSS nor Atom")
    base = Base(url)
    entries = _unique(_xml_entry(entry, base) for entry in parsed["entries"])
    if not entries and not intact:
        return Feed(error="it is not well-formed XML, and no entry could be read")
    return Feed(entries)


_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_ENTITY = re.compile(rb"&([a-zA-Z][a-zA-Z0-9]{1,30});")


def _repair(body: bytes, content_type: str) -> tuple[bytes, bool] | None:
    """The feed as UTF-8 XML without DTD and entities, and whether it was well-formed before.

    None when no element is left.

    feedparser's second parser, for what is not well-formed, takes minutes for hostile input.
    """
    charset = _CHARSET.search(content_type)
    for encoding in (charset[1] if charset else None, None):
        try:
            parser = etree.XMLParser(
                encoding=encoding,
                recover=True,
                resolve_entities=False,
                load_dtd=False,
                no_network=True,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
            )
            root = etree.fromstring(_ENTITY.sub(_entity, body).lstrip(), parser)
        except (etree.LxmlError, LookupError, ValueError):
            continue
        if root is not None:
            etree.strip_elements(root, etree.Entity, with_tail=False)
            markup = etree.tostring(root, encoding="utf-8", xml_declaration=True)
            return markup, not parser.error_log.filter_from_errors()
    return None


def _entity(match: re.Match[bytes]) -> bytes:
    """A named character of HTML as a number, which XML knows as well; its own five as they are."""
    name = match[1].decode()
    characters = html5.get(f"{name};", "")
    if not characters or name in ("amp", "lt", "gt", "quot", "apos"):
        return match[0]
    return "".join(f"&#{ord(character)};" for character in characters).encode()


def _xml_entry(entry: dict[str, Any], base: Base) -> FeedEntry | None:
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


def _link(entry: dict[str, Any]) -> str | None:
    """The link to the page; `link` is the last `alternate` of any type, the page's is text/html."""
    candidates = [
        link.get("href")
        for link in dict.get(entry, "links") or ()
        if link.get("rel") == "alternate" and "html" in (link.get("type") or "")
    ]
    link = next((href for href in candidates if href), None) or dict.get(entry, "link")
    return link if isinstance(link, str) else None


def _utc(moment: Any) -> datetime | None:
    """Of feedparser's struct_time, which is UTC."""
    if not moment:
        return None
    try:
        return datetime.fromtimestamp(timegm(moment), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
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
