"""`/versions` and `/diff`: how an article changed, and what from one version to another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from archive.versions import (
    MOST,
    Kind,
    ParagraphKind,
    SpanKind,
    State,
    compare,
    comparison_json,
    version_json,
    versions_of,
)
from archive.web.api.models import CaptureLinks, links_of
from archive.web.api.parameters import TIME, Url, first_moment
from archive.web.api.problems import problems
from archive.web.site import site_of

router = APIRouter(tags=["versions"])


class VersionModel(BaseModel):
    """Captures, one after the other, with the same text, title, authors and date."""

    url: str = Field(description="Of its first capture.")
    timestamp: str = Field(description="Of its first capture, 14 digits.")
    last_timestamp: str = Field(description="Of its last capture.")
    captures: int = Field(description="How many captures show it.")
    status: int = Field(description="HTTP status of the first; a revisit's is what it repeats.")
    state: State = Field(description="Whether the article could be read.")
    kinds: list[Kind] = Field(description="How it differs from the version before; first: empty.")
    title: str | None
    authors: list[str]
    published: str | None = Field(description="ISO 8601, as precise as the page says.")
    modified: str | None = Field(description="ISO 8601.")
    language: str | None = Field(description="BCP 47.")
    words: int
    text_digest: str | None = Field(description="null: deleted, or not a page with text.")
    digest: str = Field(description="Of the payload of its first capture.")
    memento: str = Field(description="Path of the page as it looked.")
    links: CaptureLinks = Field(description="Of its first capture.")


class VersionsAnswer(BaseModel):
    """The history of an article."""

    url: str = Field(description="As it was asked for.")
    urls: list[str] = Field(description="Addresses of the article whose captures were read.")
    versions: list[VersionModel] = Field(description="Oldest first.")
    captures: int = Field(description="How many captures were read.")
    skipped: int = Field(description="How many of these say nothing of the article.")
    whole: bool = Field(
        description=f"Whether these are all; else they are the newest, {MOST} of each address."
    )


class SpanModel(BaseModel):
    """A piece of a text; all `old`, joined, are the old text, all `new` the new one."""

    kind: SpanKind
    old: str
    new: str


class ParagraphModel(BaseModel):
    """A paragraph of the new text or, where it was removed, of the old one."""

    kind: ParagraphKind
    spans: list[SpanModel]


class ChangeModel(BaseModel):
    """Of one value."""

    old: str | None
    new: str | None
    spans: list[SpanModel]


class ListChangeModel(BaseModel):
    """Of several values."""

    old: list[str]
    new: list[str]
    removed: list[str]
    added: list[str]


class DiffAnswer(BaseModel):
    """What changed between two versions; what did not is null. Noise is left out."""

    url: str = Field(description="As it was asked for.")
    from_: str = Field(alias="from", description="Time of the older version, 14 digits.")
    to: str = Field(description="Time of the newer version, 14 digits.")
    title: ChangeModel | None
    authors: ListChangeModel | None
    date: ChangeModel | None = Field(description="Of publication.")
    modified: ChangeModel | None
    section: ChangeModel | None
    tags: ListChangeModel | None
    paragraphs: list[ParagraphModel] = Field(description="The whole text, with what stayed.")
    added: int = Field(description="Words that are new.")
    removed: int = Field(description="Words that are there no more.")
    ratio: float = Field(description="Share of the words that stayed, 0 to 1.")
    kinds: list[Kind]


@router.get("/versions", summary="The versions of an article", responses=problems(404, 451, 502))
async def list_versions(request: Request, url: Url) -> VersionsAnswer:
    """Each text that the article had, and how it differs from the one before."""
    site = site_of(request.scope)
    base = site.base_url(request.scope)

    def work() -> dict[str, Any]:
        found = versions_of(site.view.settled(), url, most=MOST)
        versions = [
            version_json(version) | {"links": links_of(version.url, version.timestamp, base)}
            for version in found.versions
        ]
        return {
            "url": found.url,
            "urls": found.urls,
            "versions": versions,
            "captures": found.captures,
            "skipped": found.skipped,
            "whole": found.whole,
        }

    return VersionsAnswer.model_validate(await site.read(work))


@router.get("/diff", summary="What changed", responses=problems(404, 451, 502))
async def get_difference(
    request: Request,
    url: Url,
    start: Annotated[
        str | None,
        Query(
            alias="from",
            max_length=64,
            description=f"The version nearest to it; without it the one before `to`. {TIME}",
        ),
        first_moment,
    ] = None,
    end: Annotated[
        str | None,
        Query(
            alias="to",
            max_length=64,
            description=f"The version nearest to it; without it the last one. {TIME}",
        ),
        first_moment,
    ] = None,
) -> DiffAnswer:
    """Two versions of an article, word by word. 404 where there are no two of them."""
    site = site_of(request.scope)

    def work() -> dict[str, Any]:
        view = site.view.settled()
        return comparison_json(compare(view, url, start=start, end=end, most=MOST))

    return DiffAnswer.model_validate(await site.read(work))
