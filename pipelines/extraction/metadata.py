"""Metadata of a page from its head, its JSON-LD and, where both are silent, from its markup."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from htmldate import find_date
from lxml.html import HtmlElement
from trafilatura.metadata import extract_author, extract_title

from archive.timestamps import now
from pipelines.extraction.authors import clean_authors
from pipelines.extraction.dates import iso_date
from pipelines.extraction.jsonld import JsonLd, strings, url_of
from pipelines.extraction.lines import inline_text, one_line

_PUBLISHED = (
    *("article:published_time", "og:article:published_time", "datepublished", "date_published"),
    *("parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "article.published"),
    *("pubdate", "publishdate", "publish-date", "publication_date", "citation_publication_date"),
    *("dc.date.issued", "dcterms.issued", "dc.date", "dcterms.created", "dcterms.date", "date"),
)
_MODIFIED = (
    *("article:modified_time", "og:article:modified_time", "datemodified", "og:updated_time"),
    *("dcterms.modified", "dc.date.modified", "last-modified", "revised"),
)
_AUTHOR = (
    *("author", "article:author", "parsely-author", "sailthru.author", "byl", "citation_author"),
    *("dc.creator", "dcterms.creator", "article:author_name", "authors", "creator"),
)
_TAGS = ("article:tag", "news_keywords", "keywords", "parsely-tags", "sailthru.tags")
_MAX_TAGS = 50
_MAX_TITLE = 500
_SEPARATOR = r"\s+(?:[-|–—•·:»])\s+"


class Metadata:
    """Reads one parsed page; the tree is not changed. `url` is the address it was fetched from."""

    def __init__(self, tree: HtmlElement, url: str) -> None:
        self.tree = tree
        self._url = url
        self._meta = _meta_tags(tree)
        base = next((e.get("href") for e in tree.iter("base") if e.get("href")), None)
        self._base = (absolute(url, base) if base else None) or url
        canonical = self._link("canonical")
        self.og_url = self._absolute(self._first("og:url"))
        self.canonical_url = self._absolute(canonical) or self.og_url
        self._jsonld = JsonLd(tree)
        self._article = self._jsonld.article(self.canonical_url, self.og_url, url)

    def title(self) -> str | None:
        """The h1 where it says what og:title (else JSON-LD) says; otherwise that, else a guess."""
        named = self._first("og:title") or self._first("twitter:title")
        declared = named or next(iter(strings(self._article.get("headline"))), None)
        if declared:
            declared = one_line(declared)
            for heading in self.tree.iter("h1"):
                text = inline_text(heading)
                if len(text) > 10 and _shares_words(text, declared):
                    return text[:_MAX_TITLE]
            return self._without_site(declared)[:_MAX_TITLE]
        guess = extract_title(self.tree)
        return one_line(guess or "")[:_MAX_TITLE] or None

    def authors(self) -> tuple[str, ...]:
        """From JSON-LD, else from the head, else a guess from the markup."""
        names = clean_authors(self._jsonld.names(self._article.get("author")))
        publishers = self._jsonld.names(self._article.get("publisher"))
        itself = {one_line(name).casefold() for name in [*publishers, self.site() or ""]}
        if any(name.casefold() not in itself for name in names):
            return names
        # Where JSON-LD names nobody but the publication, the head may; a guess would be worse.
        in_head = clean_authors(self._all(_AUTHOR))
        return in_head or names or clean_authors([extract_author(self.tree) or ""])

    def published(self) -> str | None:
        """ISO 8601; from JSON-LD, else from the head, else a guess from address and markup."""
        return (
            self._date(["datePublished", "dateCreated", "uploadDate"], _PUBLISHED)
            or self._guess_date()
        )

    def modified(self) -> str | None:
        """ISO 8601; from JSON-LD, else from the head."""
        return self._date(["dateModified"], _MODIFIED)

    def site(self) -> str | None:
        """Name of the publication; the host's name where the page gives none."""
        publisher = self._jsonld.names(self._article.get("publisher"))
        name = self._first("og:site_name") or next(iter(publisher), None)
        name = name or self._first("application-name")
        return one_line(name or "") or self._host()

    def _host(self) -> str | None:
        try:
            return urlsplit(self._url).hostname
        except ValueError:  # such as http://[example.org]/, which files of other tools may hold
            return None

    def section(self) -> str | None:
        """The part of the publication that the article stands in."""
        found = strings(self._article.get("articleSection"))
        section = self._first("article:section") or next(iter(found), None)
        return one_line(section or "") or None

    def tags(self) -> tuple[str, ...]:
        """Keywords, each once."""
        values = strings(self._article.get("keywords")) or self._all(_TAGS)
        parts = (part for value in values for part in re.split(r"[,;]", value))
        tags = dict.fromkeys(one_line(part) for part in parts)
        return tuple(tag for tag in tags if tag)[:_MAX_TAGS]

    def image(self) -> str | None:
        """URL of the lead picture."""
        image = self._first("og:image") or self._first("og:image:url")
        image = image or url_of(self._article.get("image")) or self._first("twitter:image")
        return self._absolute(image)

    def _first(self, name: str) -> str | None:
        return next(iter(self._meta.get(name, ())), None)

    def _all(self, names: tuple[str, ...]) -> list[str]:
        return next((self._meta[name] for name in names if name in self._meta), [])

    def _link(self, rel: str) -> str | None:
        for link in self.tree.iter("link"):
            if rel in (link.get("rel") or "").lower().split() and link.get("href"):
                return str(link.get("href"))
        return None

    def _absolute(self, reference: str | None) -> str | None:
        return absolute(self._base, reference) if reference else None

    def _date(self, keys: list[str], names: tuple[str, ...]) -> str | None:
        for key in keys:
            for text in strings(self._article.get(key)):
                if found := iso_date(text):
                    return found
        for name in names:
            for text in self._meta.get(name, ()):
                if found := iso_date(text):
                    return found
        return None

    def _guess_date(self) -> str | None:
        # Without original_date htmldate gives the day of the last change; its extensive search
        # takes any number of the page for a date.
        return find_date(
            self.tree,
            extensive_search=False,
            original_date=True,
            url=self.canonical_url or self._url,
            max_date=now().date().isoformat(),
        )

    def _without_site(self, title: str) -> str:
        site = self._first("og:site_name")
        if not site:
            return title
        return re.sub(_SEPARATOR + re.escape(site.strip()) + r"$", "", title, flags=re.IGNORECASE)


def absolute(base: str, reference: str) -> str | None:
    """The reference resolved against the base; None unless that is an http or https URL."""
    try:
        url = urljoin(base, one_line(reference))
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def _meta_tags(tree: HtmlElement) -> dict[str, list[str]]:
    """Contents of all meta elements by property, name or itemprop, in lower case."""
    tags: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = (element.get("content") or "").strip()
        name = element.get("property") or element.get("name") or element.get("itemprop")
        if name and content:
            tags.setdefault(name.strip().lower(), []).append(content)
    return tags


def _shares_words(one: str, other: str) -> bool:
    first, second = (set(re.findall(r"\w+", text.lower())) for text in (one, other))
    return len(first & second) * 2 > min(len(first), len(second))
