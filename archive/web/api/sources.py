"""`/sources`: what is followed, what there is of each source, and how it has fared of late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from archive.index import SourceCounts
from archive.model import Capture
from archive.view import View
from archive.web.api.models import API, CaptureModel, iso
from archive.web.api.problems import problems
from archive.web.following import Followed
from archive.web.site import Site, site_of

router = APIRouter(tags=["sources"])

_RECENT = 100
_ERRORS = 20


class Following(BaseModel):
    """Where the crawls of a source begin, and when."""

    seeds: list[str] = Field(description="Pages.")
    feeds: list[str] = Field(description="RSS, Atom, JSON Feed.")
    sitemaps: list[str]
    sections: list[str] = Field(description="Pages that list articles.")
    schedule: str | None = Field(description="`every 2h`, or a cron line; null: by hand.")


class Health(BaseModel):
    """How the last pages and lists of a source fared, 100 at the most."""

    captures: int = Field(description="How many are told of.")
    newest: str | None = Field(description="Time of the last one, 14 digits.")
    newest_datetime: str | None = Field(description="The same in ISO 8601.")
    newest_ok: str | None = Field(description="Time of the last one with a status of 2xx or 3xx.")
    statuses: dict[str, int] = Field(
        description="How many of each HTTP status; `0`: no whole answer came."
    )
    errors: int = Field(description="How many failed: a status of 4xx or 5xx, or 0.")


class SourceModel(BaseModel):
    """One source. What is in the archive may be of sources that are followed no more."""

    name: str
    following: Following | None = Field(description="null: it is not followed here.")
    segments: int = Field(description="WARC files.")
    captures: int
    documents: int
    health: Health


class SourceDetail(SourceModel):
    """With the captures that failed last."""

    last_errors: list[CaptureModel] = Field(description="Newest first, 20 at the most.")


class SourceList(BaseModel):
    """Those that are followed, in the order of the settings, then the others by name."""

    sources: list[SourceModel]


@router.get("/sources", summary="All sources")
async def list_sources(request: Request) -> SourceList:
    """What is followed, and what else the archive has of sources."""
    site = site_of(request.scope)

    def work() -> SourceList:
        known = _Known(site)
        names = dict.fromkeys((*known.followed, *known.counts))
        return SourceList(sources=[known.source(name, known.recent(name)) for name in names])

    return await site.call(work)


@router.get("/sources/{name}", summary="One source", responses=problems(404))
async def get_source(
    request: Request,
    name: Annotated[str, Path(max_length=100, description="Name of the source.")],
) -> SourceDetail:
    """With the captures that failed last."""
    site = site_of(request.scope)
    base = site.base_url(request.scope)

    def work() -> SourceDetail:
        known = _Known(site)
        if name not in known.followed and name not in known.counts:
            raise HTTPException(404, f"there is no source {name!r}: {API}/sources lists them")
        recent = known.recent(name)
        failed = [capture for capture in recent if _failed(capture)]
        errors = [CaptureModel.of(capture, base) for capture in failed[:_ERRORS]]
        return SourceDetail(**dict(known.source(name, recent)), last_errors=errors)

    return await site.call(work)


class _Known:
    """What the settings and the index say."""

    def __init__(self, site: Site) -> None:
        self._view: View = site.view.settled()
        self.followed: Mapping[str, Followed] = {one.name: one for one in site.sources}
        amounts = site.stock.of(self._view).sources
        self.counts: Mapping[str, SourceCounts] = {one.name: one for one in amounts}

    def recent(self, name: str) -> list[Capture]:
        return self._view.recent(name, _RECENT)

    def source(self, name: str, recent: list[Capture]) -> SourceModel:
        counts, followed = self.counts.get(name), self.followed.get(name)
        return SourceModel(
            name=name,
            following=None if followed is None else _following(followed),
            segments=0 if counts is None else counts.segments,
            captures=0 if counts is None else counts.captures,
            documents=0 if counts is None else counts.documents,
            health=_health(recent),
        )


def _following(source: Followed) -> Following:
    return Following(
        seeds=list(source.seeds),
        feeds=list(source.feeds),
        sitemaps=list(source.sitemaps),
        sections=list(source.sections),
        schedule=source.schedule,
    )


def _health(recent: list[Capture]) -> Health:
    newest = recent[0].timestamp if recent else None
    sound = (capture.timestamp for capture in recent if 200 <= capture.status < 400)
    return Health(
        captures=len(recent),
        newest=newest,
        newest_datetime=None if newest is None else iso(newest),
        newest_ok=next(sound, None),
        statuses={
            str(status): number
            for status, number in Counter(capture.status for capture in recent).most_common()
        },
        errors=sum(map(_failed, recent)),
    )


def _failed(capture: Capture) -> bool:
    return capture.status == 0 or capture.status >= 400
