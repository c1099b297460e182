"""`/captures?url=`: when a URL was captured; `&match=prefix|host|domain`: the URLs below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import get_args
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.errors import ArchiveError, NotArchived, UrlError, Withheld
from archive.index import CaptureQuery
from archive.model import Capture
from archive.urlkey import Match, urlkey
from archive.versions import MOST, Kind, versions_of
from archive.view import View
from archive.web.pages.calendars import LISTED, by_year, months_of, period_of
from archive.web.pages.errors import error_page
from archive.web.pages.rendering import render
from archive.web.refusals import refusal_of, refuse
from archive.web.site import site_of
from archive.web.targets import repaired

_MOST = 50_000
"""Captures that are read for the page of one URL, the newest."""

_URLS = 50
_HIGHEST = "9" * 14, "\x7f", 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """Of one URL."""

    captures: Sequence[Capture]  #: oldest first
    whole: bool  #: whether these are all
    changes: Mapping[str, Sequence[Kind]]  #: by the time at which a version begins
    compared: bool  #: whether changes were looked for, among the newest captures


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A URL below another one."""

    url: str
    captures: int
    first: str  #: 14 digits
    last: str


async def captures(request: Request) -> Response:
    """The page of a URL, or the list of those below it."""
    parameters = request.query_params
    text = parameters.get("url", "").strip()
    if not text:
        return RedirectResponse("/", 303)
    match = parameters.get("match", "exact")
    try:
        if match not in get_args(Match):
            raise UrlError(f"match is {match[:40]!r}: give one of {', '.join(get_args(Match))}")
        url = repaired(text)
        if match != "exact":
            return await _below(request, url, match)  # type: ignore[arg-type]  # one of Match
        return await _history(request, url, text)
    except ArchiveError as error:
        return refuse(request, refusal_of(error))


async def _history(request: Request, url: str, text: str) -> Response:
    site = site_of(request.scope)
    try:
        return await site.read(_page, request, site.view, url)
    except NotArchived as error:
        words = None if text.lower().startswith("http") else text
        return error_page(request, status=404, detail=str(error), url=url, words=words)


def _page(request: Request, view: View, url: str) -> Response:
    parameters = request.query_params
    history = _read(view, url, parameters.get("changes") == "1")
    years = by_year(history.captures)
    period = period_of(
        history.captures,
        year=_number(parameters.get("year"), 9999),
        month=_number(parameters.get("month"), 12),
        day=_number(parameters.get("day"), 31),
        part=_number(parameters.get("part"), 9999),
    )
    context = {
        "url": url,
        "host": _authority(url),
        "history": history,
        "most_compared": MOST,
        "years": years,
        "most": max(number for _, number in years),
        "months": months_of(history.captures, period.year, history.changes),
        "period": period,
        "listed": LISTED,
        "by_month": len(history.captures) > LISTED,
        "pair": _pair(history, period.captures),
    }
    return render(request, "captures.html", context)


def _read(view: View, url: str, wanted: bool) -> _History:
    view = view.settled()
    newest = view.captures(CaptureQuery(url=url, reverse=True, limit=_MOST + 1))
    found = list(newest)
    if not found:
        view.find(url)  # says which it is: not archived, or withheld
        raise NotArchived(url)
    whole = len(found) <= _MOST
    found = found[:_MOST][::-1]
    compared = wanted or len(found) <= MOST
    changes: dict[str, Sequence[Kind]] = {}
    if compared:
        versions = versions_of(view, url, most=MOST).versions
        changes = {version.timestamp: version.kinds for version in versions}
    return _History(captures=found, whole=whole, changes=changes, compared=compared)


def _number(text: str | None, most: int) -> int | None:
    """From 1 to `most`; None: it is something else, or not given."""
    if text is None or not re.fullmatch("[0-9]{1,4}", text):
        return None
    number = int(text)
    return number if 1 <= number <= most else None


def _pair(history: _History, listed: Sequence[Capture]) -> tuple[str, str]:
    """Times of the two captures that are offered to be compared: the last two versions in the
    list, else its first and last."""
    there = {capture.timestamp for capture in listed}
    begun = sorted(there & history.changes.keys())
    if len(begun) > 1:
        return begun[-2], begun[-1]
    return (min(there), max(there)) if there else ("", "")


async def _below(request: Request, url: str, match: Match) -> Response:
    site = site_of(request.scope)
    after = request.query_params.get("after", "")

    def work() -> list[Below]:
        return list(islice(_urls(site.view.settled(), url, match, after), _URLS + 1))

    found = await site.call(work)
    following = None
    if len(found) > _URLS:
        found = found[:_URLS]
        rest = {"url": url, "match": match, "after": found[-1].url}
        following = f"/captures?{urlencode(rest)}"
    host = _authority(url)
    context = {
        "url": url,
        "match": match,
        "host": host,
        "found": found,
        "after": after,
        "following": following,
        "first": f"/captures?{urlencode({'url': url, 'match': match})}",
    }
    return render(request, "below.html", context)


def _authority(url: str) -> str:
    """Host and port as they are written, also where `urlsplit` does not take them for any."""
    return re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]


def _urls(view: View, url: str, match: Match, after: str) -> Iterator[Below]:
    """Each URL that has captures, behind one of them: from one to the next in few steps, however
    many captures there are between."""
    place = None
    if after:
        # Whether or not it may still be shown: those behind it are asked for.
        place = urlkey(repaired(after)), *_HIGHEST
    while True:
        query = CaptureQuery(url=url, match=match, after=place, limit=1)
        capture = next(iter(view.captures(query)), None)
        if capture is None:
            return
        place = capture.urlkey, *_HIGHEST
        try:
            first, last_time = view.span(capture.url)
        except (NotArchived, Withheld):
            continue
        number = view.count(CaptureQuery(url=capture.url))
        yield Below(url=capture.url, captures=number, first=first, last=last_time)
