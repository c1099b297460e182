"""What the pages that a search finds are, counted: by source, language, year and quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.web.pages.asking import Asked
from archive.web.pages.languages import language_name
from archive.web.tallies import Tallies

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


def facets_of(asked: Asked, tallies: Tallies) -> Facets:
    """With what was chosen, so that it can be taken back, also where no page has it."""

    def choice(field: str, name: str, value: str, count: int, *, chosen: bool) -> Choice:
        address = asked.address(**{field: "" if chosen else value})
        return Choice(name=name, count=count, address=address, chosen=chosen)

    by_source = tuple(
        choice("source", value, value, count, chosen=value == asked.source)
        for value, count in _most(tallies.sources, asked.source)
    )
    by_language = tuple(
        choice("language", language_name(value), value, count, chosen=value == asked.language)
        for value, count in _most(tallies.languages, asked.language)
    )
    by_quality = tuple(
        choice("quality", _QUALITIES.get(value, value), value, count, chosen=value == asked.quality)
        for value, count in _most(tallies.qualities, asked.quality)
    )
    by_year = []
    for year in sorted(tallies.years, reverse=True)[:_SHOWN]:
        chosen = asked.start == asked.end == year
        value = "" if chosen else year
        address = asked.address(start=value, end=value)
        by_year.append(Choice(name=year, count=tallies.years[year], address=address, chosen=chosen))
    groups = (
        ("Source", by_source),
        ("Language", by_language),
        ("Year", tuple(by_year)),
        ("Quality", by_quality),
    )
    return Facets(pages=tallies.pages, whole=tallies.whole, groups=groups)


def _most(tally: Mapping[Any, int], wanted: str) -> list[tuple[str, int]]:
    """The most frequent values that are known, and what is wanted, where no page has it."""
    known = Counter({value: count for value, count in tally.items() if value})
    if wanted:
        known.setdefault(wanted, 0)
    return known.most_common(_SHOWN)
