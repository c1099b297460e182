"""What the pages that a search finds are, counted: by source, language, year and quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from archive.index import Matching
from archive.web.pages.asking import Asked
from archive.web.pages.languages import language_name

COUNTED = 1000
"""The best so many versions are counted: all of a frequent word would take seconds."""

_SHOWN = 12
_QUALITIES = {"article": "Articles", "thin": "Short texts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value to narrow a search to, or to take back."""

    name: str
    count: int
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Of the pages that were counted."""

    pages: int
    whole: bool  #: whether these are all that there are
    groups: tuple[tuple[str, tuple[Choice, ...]], ...]  #: heading, values, the most frequent first


def facets_of(asked: Asked, found: Iterable[Matching]) -> Facets:
    """Of several versions of a page the best counts, as in the hits."""
    best: dict[str, Matching] = {}
    number = 0
    for matching in found:
        number += 1
        best.setdefault(matching.urlkey, matching)
    sources = Counter(one.source for one in best.values())
    languages = Counter(one.language or "" for one in best.values())
    qualities = Counter[str](one.quality for one in best.values())
    years = Counter(f"{one.year:04d}" for one in best.values())
    for counter, wanted in (
        (sources, asked.source),
        (languages, asked.language),
        (qualities, asked.quality),
    ):
        if wanted and wanted not in counter:
            counter[wanted] = 0  # so that it can be taken back

    def choice(field: str, name: str, value: str, count: int, *, chosen: bool) -> Choice:
        address = asked.address(**{field: "" if chosen else value})
        return Choice(name=name, count=count, address=address, chosen=chosen)

    by_source = tuple(
        choice("source", value, value, count, chosen=value == asked.source)
        for value, count in sources.most_common(_SHOWN)
    )
    by_language = tuple(
        choice("language", language_name(value), value, count, chosen=value == asked.language)
        for value, count in languages.most_common(_SHOWN)
        if value
    )
    by_quality = tuple(
        choice("quality", _QUALITIES.get(value, value), value, count, chosen=value == asked.quality)
        for value, count in qualities.most_common()
    )
    by_year = []
    for year in sorted(years, reverse=True)[:_SHOWN]:
        chosen = asked.start == asked.end == year
        value = "" if chosen else year
        address = asked.address(start=value, end=value)
        by_year.append(Choice(name=year, count=years[year], address=address, chosen=chosen))
    groups = (
        ("Source", by_source),
        ("Language", by_language),
        ("Year", tuple(by_year)),
        ("Quality", by_quality),
    )
    return Facets(pages=len(best), whole=number < COUNTED, groups=groups)
