"""Sitemaps (sitemaps.org 0.9): urlset, index, the news extension, text, gzip, or a feed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from lxml import etree

from archive.codings import decode_content
from archive.errors import ContentError
from crawler.discovery.feeds import parse_feed
from crawler.discovery.urls import Base

SITEMAP_BYTES = 64 << 20
"""Bytes that a sitemap may have when decoded; the protocol allows 50 MiB."""

_GZIP = b"\x1f\x8b"
_LAYERS = 2  # a .gz file that the server has gzipped once more under way


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """One page of a sitemap. Dates are W3C date-times as written."""

    url: str  #: absolute, http or https, without fragment
    modified: str | None = None  #: <lastmod>
    published: str | None = None  #: <news:publication_date>
    title: str | None = None  #: <news:title>


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap lists: pages, or other sitemaps; with an `error` perhaps its legible part."""

    entries: tuple[SitemapEntry, ...] = ()  #: in order, each URL once
    sitemaps: tuple[str, ...] = ()  #: URLs of an index, in order, each once
    error: str | None = None  #: why it is no sitemap; half a sentence


def parse_sitemap(body: bytes, url: str, content_type: str = "") -> Sitemap:
    """Read a sitemap that was found at `url`. Never raises: what is none comes back as an error.

    No entity is expanded and nothing is fetched.
    """
    try:
        data = _decoded(body)
    except ContentError as error:
        return Sitemap(error=f"it cannot be decoded: {error}")
    if len(data) > SITEMAP_BYTES:
        return Sitemap(error=f"it has more than {SITEMAP_BYTES} bytes")
    start = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not start:
        return Sitemap(error="it is empty")
    if start[:1] != b"<":
        return _text(data, url)
    root = _ROOT.search(start)
    if root and root[1].lower() in (b"rss", b"feed", b"rdf"):
        return _feed(data, url, content_type)
    if any(run.end() - run.start() > _RUN for run in _BETWEEN.finditer(data)):
        return Sitemap(error="its markup is too complex to be read safely")
    return _xml(data, url)


_BETWEEN = re.compile(rb"[^<]++")
_RUN = 1 << 16  # bytes from one "<" to the next: 7,000 attributes, which cost a parser 0.1 s
_ROOT = re.compile(rb"<(?:[\w.-]+:)?([a-zA-Z]+)[\s>/]")


def _decoded(body: bytes) -> bytes:
    for _ in range(_LAYERS):
        if body[:2] != _GZIP:
            break
        body = decode_content(["gzip"], body, limit=SITEMAP_BYTES)
    return body


def _feed(data: bytes, url: str, content_type: str) -> Sitemap:
    feed = parse_feed(data, url, content_type)
    entries = tuple(
        SitemapEntry(
            entry.url,
            published=entry.published.isoformat() if entry.published else None,
            title=entry.title,
        )
        for entry in feed.entries
    )
    return Sitemap(entries, error=feed.error)


def _text(data: bytes, url: str) -> Sitemap:
    base = Base(url)
    lines = data.decode("utf-8-sig", "replace").splitlines()
    found = {
        address: SitemapEntry(address)
        for line in lines
        if (text := line.strip()).startswith(("http://", "https://"))
        and (address := base.resolve(text))
    }
    if not found:
        return Sitemap(error="it is neither XML nor a list of URLs")
    return Sitemap(tuple(found.values()))


@dataclass(slots=True)
class _Reading:
    base: Base
    root: str = ""
    entries: dict[str, SitemapEntry] = field(default_factory=dict)
    sitemaps: dict[str, None] = field(default_factory=dict)

    def take(self, element: etree._Element) -> None:
        """Keep what a <url> or <sitemap> says."""
        said = dict(_said(element))
        # Some write the URL right into the entry.
        address = self.base.resolve(said.get("loc") or element.text or "")
        if address is None:
            return
        if _name(element) == "sitemap":
            self.sitemaps.setdefault(address)
            return
        entry = SitemapEntry(
            address, said.get("lastmod"), said.get("publication_date"), said.get("title")
        )
        self.entries.setdefault(address, entry)


def _xml(data: bytes, url: str) -> Sitemap:
    reading = _Reading(Base(url))
    parsing = etree.iterparse(
        BytesIO(data),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for event, element in parsing:
            if event == "start":
                reading.root = reading.root or _name(element)
            elif _name(element) in ("url", "sitemap"):
                reading.take(element)
                _drop(element)
    except (etree.LxmlError, LookupError, ValueError) as error:
        if not reading.entries and not reading.sitemaps:
            return Sitemap(error=f"it is not XML ({type(error).__name__})")
    if not reading.root:
        return Sitemap(error="it is not XML")
    if reading.root not in ("urlset", "sitemapindex"):
        return Sitemap(error=f"it is no sitemap: its first element is {reading.root[:40]!r}")
    found = Sitemap(tuple(reading.entries.values()), tuple(reading.sitemaps))
    if found == Sitemap() and parsing.error_log.filter_from_errors():
        return Sitemap(error="it is not well-formed XML, and no entry could be read")
    return found


def _said(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Names and texts of an entry's own fields and of its news; images and videos have others."""
    for child in element:
        if _name(child) == "news":
            yield from _said(child)
        elif child.text and (text := child.text.strip()):
            yield _name(child), text


def _name(element: etree._Element) -> str:
    """Local name: sitemaps with a wrong namespace or none are common."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _drop(element: etree._Element) -> None:
    """Free what was read, so that memory does not grow with the file."""
    element.clear()
    while element.getprevious() is not None:
        parent = element.getparent()
        if parent is None:
            return
        del parent[0]
