"""Links of a page: where a reader could go from it."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.discovery.markup import Markup, parse_markup


@dataclass(frozen=True, slots=True)
class Link:
    """An anchor that leads to a page."""

    url: str  #: absolute, http or https, without fragment
    nofollow: bool = False  #: marked so at the anchor or for the whole page


def links(html: str, base_url: str) -> list[Link]:
    """The links of a page in order, each URL once."""
    return links_of(parse_markup(html, base_url))


def links_of(page: Markup) -> list[Link]:
    """The links of a parsed page in order, each URL once.

    Of several anchors with one URL the first counts, but one without `nofollow` frees it.
    """
    if page.root is None:
        return []
    closed = _nofollow_page(page)
    found: dict[str, bool] = {}
    resolved: dict[str, str | None] = {}
    for element in page.root.iter("a", "area"):
        href = element.get("href")
        if not href:
            continue
        if href not in resolved:
            resolved[href] = page.base.resolve(href)
        url = resolved[href]
        if url is None:
            continue
        nofollow = closed or "nofollow" in (element.get("rel") or "").lower().split()
        found[url] = found.get(url, True) and nofollow
    return [Link(url, nofollow) for url, nofollow in found.items()]


def _nofollow_page(page: Markup) -> bool:
    """Whether <meta name=robots> asks that no link be followed."""
    if page.root is None:
        return False
    for meta in page.root.iter("meta"):
        if (meta.get("name") or "").strip().lower() == "robots":
            directives = (meta.get("content") or "").lower().replace(",", " ").split()
            if "nofollow" in directives or "none" in directives:
                return True
    return False
