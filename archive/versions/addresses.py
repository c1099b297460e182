"""The addresses of one article: its canonical URL, and those that lead to it or name it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from archive.errors import NotArchived, UrlError
from archive.index import CaptureQuery
from archive.model import Article
from archive.urlkey import spellings, urlkey
from archive.versions.difference import reads_the_same
from archive.versions.sightings import Sightings
from archive.versions.states import is_same_site
from archive.versions.words import tokens_of
from archive.view import View

_ALIKE = 0.5  # of the words of the shorter of two texts


def sightings_of(view: View, url: str, most: int | None = None) -> dict[str, Sightings]:
    """What is known of an article, by its addresses, the one that was asked for first.

    Pages name what they like as canonical: a page belongs to the article if it reads like it.
    `most`: captures of each address that are read, the newest. Raises NotArchived, Withheld,
    UrlError, IndexFailure.
    """
    own = _at(view, url, most)
    if own is None:
        view.find(url)
        raise NotArchived(url)
    pages = {url: own}
    article = own.newest
    _take(view, pages, _named(own, article), article, most)
    article = article or next(filter(None, (page.newest for page in pages.values())), None)
    if article is not None:
        for known in list(pages):
            _take(view, pages, view.named_by(known), article, most)
    return pages


def _take(
    view: View,
    pages: dict[str, Sightings],
    urls: Iterable[str],
    article: Article | None,
    most: int | None,
) -> None:
    """Add those of these pages that are on the same site and have the same article."""
    own = urlkey(next(iter(pages)))
    for url in urls:
        key = urlkey(url)
        if key in map(urlkey, pages) or not is_same_site(own, key):
            continue
        found = _at(view, url, most)
        if found is not None and (article is None or _are_alike(article, found.newest)):
            pages[url] = found


def _at(view: View, url: str, most: int | None) -> Sightings | None:
    limit = None if most is None else most + 1
    newest = list(view.captures(CaptureQuery(url=url, reverse=True, limit=limit)))
    captures = newest[:most][::-1]
    # Others with its key, such as that of a path in capitals, may be other pages.
    pages = spellings(url)
    own = [capture for capture in captures if capture.url in pages] or captures
    return Sightings(view, own, whole=len(captures) == len(newest)) if own else None


def _named(page: Sightings, article: Article | None) -> list[str]:
    """Where a page says that its article is, and where it led to last."""
    named = [] if article is None or not article.canonical_url else [article.canonical_url]
    return [url for url in named + page.targets[-1:] if _is_url(url)]


def _is_url(url: str) -> bool:
    try:
        urlkey(url)
    except UrlError:
        return False
    return True


def _are_alike(first: Article, second: Article | None) -> bool:
    if second is None:
        return False
    if first.title and reads_the_same(first.title, second.title):
        return True
    words = Counter(tokens_of(first.text).keys), Counter(tokens_of(second.text).keys)
    least = min(words[0].total(), words[1].total())
    return (words[0] & words[1]).total() > _ALIKE * least
