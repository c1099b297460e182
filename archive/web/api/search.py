"""`/search`: documents that hold all the words, best first."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from archive.index import SearchHit, SearchQuery
from archive.urlkey import urlkey
from archive.web.api.cursors import Cursors, announce
from archive.web.api.models import CaptureLinks, links_of
from archive.web.api.parameters import (
    Cursor,
    From,
    Source,
    To,
    of_form,
)
from archive.web.site import site_of
from archive.web.tallies import Tallies, tallies_of

router = APIRouter(tags=["search"])

_DEEPEST = 10_000
"""Hits that can be paged through: each page ranks all that come before it."""

Facet = Literal["source", "language", "date", "quality"]


class HitModel(BaseModel):
    """The version of a page that matches best; one hit a page."""

    url: str
    timestamp: str = Field(description="Of the capture, 14 digits.")
    digest: str = Field(description="Of the capture's payload.")
    source: str
    title: str | None
    date: str | None = Field(description="Day of publication.")
    language: str | None
    score: float = Field(description="Greater is better; comparable within one search.")
    snippet: str = Field(description="Plain text around the first match, never markup.")
    spans: list[tuple[int, int]] = Field(
        description="Where the words stand in `snippet`: [start, end), in Unicode characters."
    )
    links: CaptureLinks


class Tally(BaseModel):
    """How many of the pages that were counted have a value."""

    value: str | None = Field(description="null: it is not known.")
    pages: int


class Facets(BaseModel):
    """What the pages that a search finds are. Of a page its best version counts."""

    pages: int = Field(description="How many were counted.")
    whole: bool = Field(description="Whether these are all; else the best of them.")
    source: list[Tally] | None
    language: list[Tally] | None
    year: list[Tally] | None = Field(description="Of publication, else of capture; for `date`.")
    month: list[Tally] | None = Field(description="The same as YYYY-MM.")
    quality: list[Tally] | None


class SearchAnswer(BaseModel):
    """One page of hits, best first."""

    hits: list[HitModel]
    facets: Facets | None = Field(description="null: not asked for.")
    next: str | None = Field(description="The next page.")


_cursors: Cursors[tuple[Annotated[int, Field(ge=0, le=_DEEPEST)], str]] = Cursors(
    tuple[Annotated[int, Field(ge=0, le=_DEEPEST)], str]
)
"""How many hits came before, and the urlkey of the last one, from which the page goes on."""

_LANGUAGE = "^[A-Za-z]{2,3}$"


@router.get("/search", summary="Search for words")
async def search(
    request: Request,
    response: Response,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=1000,
            description="All of these words must be found. What is joined by other characters, "
            "such as `state-of-the-art`, is a phrase.",
        ),
    ],
    language: Annotated[
        str | None,
        Query(
            json_schema_extra={"pattern": _LANGUAGE}, description="Only documents in it (ISO 639)."
        ),
        of_form(_LANGUAGE, "the code of a language: two or three letters, such as en"),
    ] = None,
    source: Source = None,
    quality: Annotated[
        Literal["article", "thin"] | None, Query(description="Only documents of this quality.")
    ] = None,
    start: From = None,
    end: To = None,
    facets: Annotated[tuple[Facet, ...], Query(description="What to count; may be repeated.")] = (),
    limit: Annotated[int, Query(ge=1, le=100, description="The most hits of one page.")] = 20,
    cursor: Cursor = None,
) -> SearchAnswer:
    """Pages whose text, title or authors hold all the words. `from` and `to` compare the day of
    publication, or where the page gives none, of capture."""
    site = site_of(request.scope)
    before, last = _cursors.place(request, cursor) or (0, None)
    query = SearchQuery(
        words=q,
        language=language and language.lower(),
        source=source,
        quality=quality,
        start=start,
        end=end,
        limit=limit,
        offset=before,
        after=last,
    )
    base = site.base_url(request.scope)

    def work() -> SearchAnswer:
        view = site.view.settled()
        hits = view.search(query)
        seen = before + len(hits)
        following = None
        if len(hits) == limit and seen <= _DEEPEST:
            following = _cursors.next_page(request, (seen, urlkey(hits[-1].url)))
        return SearchAnswer(
            hits=[_hit(hit, base) for hit in hits],
            facets=_facets(tallies_of(view, query), facets) if facets else None,
            next=following,
        )

    answer = await site.call(work)
    announce(response, answer.next)
    return answer


def _hit(hit: SearchHit, base: str) -> HitModel:
    return HitModel(
        url=hit.url,
        timestamp=hit.timestamp,
        digest=hit.digest,
        source=hit.source,
        title=hit.title,
        date=hit.date,
        language=hit.language,
        score=hit.score,
        snippet=hit.snippet,
        spans=list(hit.spans),
        links=links_of(hit.url, hit.timestamp, base),
    )


def _facets(counted: Tallies, wanted: tuple[Facet, ...]) -> Facets:
    def tallies(facet: Facet, values: Counter[Any]) -> list[Tally] | None:
        if facet not in wanted:
            return None
        return [Tally(value=value, pages=pages) for value, pages in values.most_common()]

    return Facets(
        pages=counted.pages,
        whole=counted.whole,
        source=tallies("source", counted.sources),
        language=tallies("language", counted.languages),
        year=tallies("date", counted.years),
        month=tallies("date", counted.months),
        quality=tallies("quality", counted.qualities),
    )
