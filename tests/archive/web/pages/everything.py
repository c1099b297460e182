"""Every kind of page, by a name: for tests that look at all of them."""

from __future__ import annotations

from tests.archive.web.pages.library import (
    ARABIC,
    CHINESE,
    GONE,
    HOSTILE,
    MOVED,
    RUSSIAN,
    STRIKE,
    UNKNOWN,
)
from tests.archive.web.pages.looking import at

PAGES: dict[str, tuple[str, int]] = {
    "front": ("/", 200),
    "results": ("/?q=strike", 200),
    "results-narrowed": ("/?q=Verhold&language=en&source=lantern", 200),
    "results-none": ("/?q=zebra&language=en", 200),
    "results-wrong-date": ("/?q=strike&from=yesterday", 400),
    "results-arabic": (at("/", q="إضراب"), 200),
    "captures": (at("/captures", url=STRIKE, year="2026"), 200),
    "captures-one": (at("/captures", url=GONE), 200),
    "below": (at("/captures", url="news.example.org", match="host"), 200),
    "below-none": (at("/captures", url="nowhere.example", match="host"), 200),
    "not-archived": (at("/captures", url=UNKNOWN), 404),
    "document": (at("/document", url=STRIKE), 200),
    "document-arabic": (at("/document", url=ARABIC), 200),
    "document-chinese": (at("/document", url=CHINESE), 200),
    "document-russian": (at("/document", url=RUSSIAN), 200),
    "document-hostile": (at("/document", url=HOSTILE), 200),
    "document-redirect": (at("/document", url=MOVED), 200),
    "document-gone": (at("/document", url=GONE), 200),
    "diff": (at("/diff", url=STRIKE), 200),
    "diff-none": (at("/diff", url=RUSSIAN), 200),
    "sources": ("/sources", 200),
    "source": ("/sources/lantern", 200),
    "source-silent": ("/sources/silent", 200),
    "jobs": ("/jobs", 200),
    "save": (at("/save", url=STRIKE), 200),
    "about": ("/about", 200),
    "login": ("/login", 200),
    "nothing": ("/nowhere", 404),
    "wrong": (at("/captures", url="ftp://a/"), 400),
    "archived": (f"/web/20261122100000/{STRIKE}", 200),
    "archived-gone": (f"/web/20261122130000/{GONE}", 410),
}
"""Path and status."""
