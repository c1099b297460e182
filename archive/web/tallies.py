"""What the pages that a search finds are, counted: by source, language, time and quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from archive.index import Matching, SearchQuery
from archive.model import Quality
from archive.view import View

COUNTED = 5000
"""The best so many versions are counted: all of a frequent word would take seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """Of several versions of a page the best counts, as in the hits."""

    pages: int  #: how many were counted
    whole: bool  #: whether these are all; else the best of them
    sources: Counter[str]
    languages: Counter[str | None]  #: None: it is not known
    qualities: Counter[Quality]
    years: Counter[str]  #: YYYY, of publication, or where the page gives none, of capture
    months: Counter[str]  #: YYYY-MM, of the same

    @classmethod
    def of(cls, found: Iterable[Matching], *, whole: bool) -> Tallies:
        """`found`: the best first."""
        best: dict[str, Matching] = {}
        for matching in found:
            best.setdefault(matching.urlkey, matching)
        pages = best.values()
        return cls(
            pages=len(best),
            whole=whole,
            sources=Counter(page.source for page in pages),
            languages=Counter(page.language for page in pages),
            qualities=Counter(page.quality for page in pages),
            years=Counter(f"{page.year:04d}" for page in pages),
            months=Counter(f"{page.year:04d}-{page.day // 100 % 100:02d}" for page in pages),
        )


def tallies_of(view: View, query: SearchQuery) -> Tallies:
    """Of what may be shown. Raises IndexFailure."""
    found, whole = view.matches(query, COUNTED)
    return Tallies.of(found, whole=whole)
