"""`/diff?url=&from=&to=`: what changed between two versions of an article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.errors import ArchiveError, NothingToCompare
from archive.timestamps import parse_time
from archive.versions import MOST, Comparison, Paragraph, compare
from archive.view import View
from archive.web.pages.rendering import render
from archive.web.refusals import refusal_of, refuse
from archive.web.site import site_of
from archive.web.targets import repaired

_AROUND = 1
"""Unchanged paragraphs that stay in sight beside a change."""

_WORTH_FOLDING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Paragraphs in a row; `folded`: they did not change, and are shown when asked for."""

    paragraphs: Sequence[Paragraph]
    folded: bool


def runs_of(paragraphs: Sequence[Paragraph]) -> Iterator[Run]:
    """The text with its long unchanged parts folded."""
    near = [
        any(
            other.kind != "same"
            for other in paragraphs[max(0, place - _AROUND) : place + _AROUND + 1]
        )
        for place in range(len(paragraphs))
    ]
    start = 0
    for place in range(1, len(paragraphs) + 1):
        if place == len(paragraphs) or near[place] != near[start]:
            run = paragraphs[start:place]
            yield Run(paragraphs=run, folded=not near[start] and len(run) >= _WORTH_FOLDING)
            start = place


async def diff(request: Request) -> Response:
    """The page of a difference."""
    text = request.query_params.get("url", "").strip()
    if not text:
        return RedirectResponse("/", 303)
    site = site_of(request.scope)
    try:
        return await site.read(_page, request, site.view, text)
    except ArchiveError as error:
        return refuse(request, refusal_of(error))


def _page(request: Request, view: View, text: str) -> Response:
    """Raises ArchiveError."""
    url = repaired(text)
    start, end = (request.query_params.get(name, "").strip() for name in ("from", "to"))
    first, last = parse_time(start) if start else None, parse_time(end) if end else None
    if first and last and first > last:
        # Whoever chose the newer one first means the same.
        first, last = last, first
    nothing = None
    comparison: Comparison | None = None
    try:
        comparison = compare(view, url, start=first, end=last, most=MOST)
    except NothingToCompare as error:
        nothing = str(error)
    context = {
        "url": url,
        "nothing": nothing,
        "comparison": comparison,
        "runs": list(runs_of(comparison.difference.paragraphs)) if comparison else [],
        "again": f"/captures?{urlencode({'url': url})}",
    }
    return render(request, "diff.html", context)
