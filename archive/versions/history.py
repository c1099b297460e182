"""The versions of an article, from its captures."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archive.documents import count_words, text_digest
from archive.errors import NothingToCompare
from archive.index.lookup import nearest_time
from archive.model import Article, Capture
from archive.timestamps import readable
from archive.versions.addresses import sightings_of
from archive.versions.difference import difference, reads_the_same, same_moment, same_names
from archive.versions.kinds import kinds_between
from archive.versions.model import Comparison, Kind, Version, Versions
from archive.versions.sightings import Sighting
from archive.view import View

_NO_ARTICLE = Article()


MOST = 200
"""Captures of an address that are read for somebody who waits, the newest: each costs a look-up,
and each new text a comparison of some milliseconds."""


def versions_of(
    view: View, url: str, *, most: int | None = None, with_kinds: bool = True
) -> Versions:
    """How the article at a URL changed.

    `most`: captures of each of its addresses that are read, the newest. `with_kinds`: whether texts
    are compared word by word. Raises NotArchived, Withheld, UrlError, IndexFailure.
    """
    pages = sightings_of(view.settled(), url, most)
    seen = [sighting for page in pages.values() for sighting in page.found]
    seen.sort(key=lambda sighting: sighting.capture.timestamp)
    history = _History(with_kinds=with_kinds)
    for sighting in seen:
        history.add(sighting)
    skipped = sum(page.skipped for page in pages.values())
    return Versions(
        url=url,
        urls=tuple(pages),
        versions=tuple(group.version() for group in history.groups),
        captures=len(seen) + skipped,
        skipped=skipped,
        whole=all(page.whole for page in pages.values()),
    )


def compare(
    view: View,
    url: str,
    *,
    start: str | None = None,
    end: str | None = None,
    most: int | None = None,
) -> Comparison:
    """What changed from the version nearest to `start` to that nearest to `end`, 14 digits each.

    Without `end` up to the last version; without `start` from the version before. What was deleted
    has no text. `most`: as in `versions_of`. Raises NothingToCompare where both are the same
    version; NotArchived, Withheld, UrlError, IndexFailure.
    """
    view = view.settled()
    history = versions_of(view, url, most=most, with_kinds=False)
    versions = history.versions
    if not versions:
        raise NothingToCompare(f"{url} is archived, but no capture of it says what stood there")
    last = len(versions) - 1 if end is None else _nearest(versions, end)
    first = max(0, last - 1) if start is None else _nearest(versions, start)
    older, newer = versions[first], versions[last]
    if first == last:
        if len(versions) == 1:
            one = "has one version only"
        elif start is None:
            one = "has no version before the first"
        else:
            one = "has the same version at both times"
        if not history.whole:
            one += " among the captures that are read, the newest"
        seen = f"of {readable(older.timestamp)}"
        if older.last_timestamp != older.timestamp:
            seen += f", seen until {readable(older.last_timestamp)}"
        raise NothingToCompare(f"{url} {one}, {seen}: there is nothing to compare")
    found = difference(_article(view, older), _article(view, newer))
    returns = older.state != "present" and newer.state == "present"
    kinds = () if older.state == "deleted" else found.kinds
    kinds = kinds_between(older.state, newer.state, kinds, returns=returns)
    return Comparison(url=url, older=older, newer=newer, difference=replace(found, kinds=kinds))


def _article(view: View, version: Version) -> Article:
    document = None if version.state == "deleted" else view.document(version.capture)
    return _NO_ARTICLE if document is None else document.article


def _nearest(versions: tuple[Version, ...], at: str) -> int:
    """The newest version that was seen around a time, else the one seen nearest to it."""
    ends = dict[int, int]()
    for number, version in enumerate(versions):
        if version.timestamp <= at <= version.last_timestamp:
            ends[int(at)] = number
        ends[int(version.timestamp)] = number
        ends[int(version.last_timestamp)] = number
    return ends[nearest_time(ends, int(at))]


@dataclass(slots=True)
class _Group:
    """A version, while captures of it are found."""

    first: Sighting
    last: Capture
    captures: int
    kinds: tuple[Kind, ...]

    def version(self) -> Version:
        capture, article = self.first.capture, self.first.article
        told = article or _NO_ARTICLE
        return Version(
            last_timestamp=self.last.timestamp,
            captures=self.captures,
            capture=capture,
            state=self.first.state,
            text_digest=None if article is None else text_digest(article.text),
            title=told.title,
            authors=told.authors,
            published=told.published,
            modified=told.modified,
            language=told.language,
            words=count_words(told.text),
            kinds=self.kinds,
        )


class _History:
    """Versions, from one sighting to the next.

    An article with several addresses may show each of two texts in turn: what counts is that an
    address shows something else than it did before.
    """

    def __init__(self, *, with_kinds: bool) -> None:
        self._with_kinds = with_kinds
        self.groups: list[_Group] = []
        self._current: dict[str, _Group] = {}  # by urlkey
        self._last: dict[str, Article] = {}  # by urlkey, the one that could be read
        self._newest: Article | None = None  # the same of all

    def add(self, sighting: Sighting) -> None:
        """The next in time."""
        key = sighting.capture.urlkey
        group = self._current.get(key)
        if group is None or not _is_same(group.first, sighting):
            group = self.groups[-1] if self.groups else None
            if group is None or not _is_same(group.first, sighting):
                group = _Group(sighting, sighting.capture, 0, self._kinds(sighting))
                self.groups.append(group)
            self._current[key] = group
        group.last = sighting.capture
        group.captures += 1
        if sighting.article is not None and sighting.state == "present":
            self._newest = self._last[key] = sighting.article

    def _kinds(self, sighting: Sighting) -> tuple[Kind, ...]:
        if not self.groups or not self._with_kinds:
            return ()
        key = sighting.capture.urlkey
        before = self._current.get(key, self.groups[-1]).first
        last = self._last.get(key, self._newest)
        older = before.article
        returns = before.state != "present" and sighting.state == "present" and last is not None
        if returns:
            older = last
        kinds = difference(older or _NO_ARTICLE, sighting.article or _NO_ARTICLE).kinds
        return kinds_between(before.state, sighting.state, kinds, returns=returns)


def _is_same(one: Sighting, other: Sighting) -> bool:
    """Whether two captures show the same version."""
    first, second = one.article, other.article
    if one.state != other.state or (first is None) != (second is None):
        return False
    if first is None or second is None:
        return one.state != "present" or one.capture.digest == other.capture.digest
    return first is second or (
        first.text == second.text
        and reads_the_same(first.title, second.title)
        and same_names(first.authors, second.authors)
        and same_moment(first.published, second.published)
    )
