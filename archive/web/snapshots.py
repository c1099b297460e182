"""`/web/`: TimeGate, mementos and raw captures (RFC 7089, 4; URL forms of the Wayback Machine)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError, TakesLong
from archive.index import Neighbours
from archive.model import Capture
from archive.timestamps import TimestampError, pad, to_timestamp
from archive.view import View
from archive.web import links
from archive.web.raw import Headers, raw_response
from archive.web.refusals import refusal_of, refuse
from archive.web.replay.answers import target_of
from archive.web.replay.page import is_page, page_response
from archive.web.site import site_of
from archive.web.targets import Target, raw_target, stamped_target
from archive.web.timemap import timemap_response

PREFIX = "/web/"

_RAW = frozenset({"id_", "ir_", "im_", "cs_", "js_", "oe_"})
"""Modifiers that are answered with the archived body; with `ir_` clients expect it decoded."""

_BARE = frozenset({"if_", "mp_", "fw_"})
"""Modifiers that leave the banner out: the page alone, as it is framed elsewhere."""

_KNOWN = _RAW | _BARE

_SHORT = 1 << 20
"""Bytes of a record that is read and checked in a few milliseconds."""

Show = Callable[..., Response]
"""Gives the answer. `soon=True`: raises TakesLong for what is not done in a few milliseconds."""

_VARY = {"Vary": "accept-datetime"}


async def snapshot(request: Request) -> Response:
    """Answer everything below `/web/`."""
    rest = raw_target(request.scope, PREFIX)
    if rest.startswith("timemap/"):
        return await timemap_response(request, rest.removeprefix("timemap/"))
    headers = {}
    try:
        target = stamped_target(rest)
        if target.at is None and not target.star:
            headers = _VARY
            return await _timegate(request, target)
        return await _memento(request, target)
    except ArchiveError as error:
        return refuse(request, refusal_of(error), headers)


async def _timegate(request: Request, target: Target) -> Response:
    """302 to the capture that is nearest to Accept-Datetime, without one to the newest."""
    site = site_of(request.scope)
    at = accept_datetime(request.headers.get("accept-datetime"))
    base = site.base_url(request.scope)

    def work(view: View) -> Response:
        capture = view.find(target.url, at=at)
        around = view.neighbours(capture.url, capture.timestamp)
        to = links.memento(base, capture.url, capture.timestamp)
        link = links.link_header(base, capture.url, around, capture.timestamp)
        return Response(b"", 302, {"Location": to, "Link": link, **_VARY})

    return await site.find(work)


def accept_datetime(value: str | None) -> str | None:
    """14 digits of an Accept-Datetime header. Raises TimestampError for what is no HTTP date."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
        # Without a zone it is none of ours: RFC 7089 (2.1.1) has all in GMT.
        return to_timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError, TypeError) as error:
        raise TimestampError(
            f"Accept-Datetime is {value[:80]!r}: give a date as Sun, 22 Nov 2026 09:30:00 GMT"
        ) from error


async def _memento(request: Request, target: Target) -> Response:
    if target.star:
        return Response(b"", 302, {"Location": links.captures_page(target.url)})
    site = site_of(request.scope)
    if site.store_threads is not None:
        return await site.read(_answer, request, target)
    answer = await site.look_up(_soon, request, target)
    return answer if isinstance(answer, Response) else await site.read(answer)


def _answer(request: Request, target: Target) -> Response:
    _, show = _found(request, target, site_of(request.scope).view.settled())
    return show()


def _soon(request: Request, target: Target) -> Response | Show:
    """The answer, or what gives it where that may take long."""
    try:
        capture, show = _found(request, target, site_of(request.scope).view.soon())
        # Those lead to other records.
        is_long = capture.is_revisit or 300 <= capture.status < 400 or capture.length > _SHORT
        if not is_long:
            return show(soon=True)
    except TakesLong:
        pass
    return partial(_answer, request, target)


def _found(request: Request, target: Target, view: View) -> tuple[Capture, Show]:
    """The capture that is meant, and what gives the answer."""
    base = site_of(request.scope).base_url(request.scope)
    modifier = target.modifier if target.modifier in _KNOWN else ""
    capture = view.find(target.url, at=None if target.at is None else pad(target.at))
    if capture.timestamp != target.at:
        to = links.memento(base, capture.url, capture.timestamp, modifier)
        return capture, partial(_redirect, to)
    return capture, partial(_shown, request, view, capture, modifier)


def _redirect(to: str, *, soon: bool = False) -> Response:  # noqa: ARG001 - see Show
    return Response(b"", 302, {"Location": to})


def _shown(
    request: Request, view: View, capture: Capture, modifier: str, *, soon: bool = False
) -> Response:
    site = site_of(request.scope)
    base = site.base_url(request.scope)
    memento = view.open(capture, most=_SHORT if soon else None)
    around = view.neighbours(capture.url, capture.timestamp)
    extra = _memento_headers(capture, around, base, modifier)
    if modifier not in _RAW and is_page(memento):
        found = view.document(capture)
        response = page_response(request, capture, around, found, bare=modifier in _BARE)
        response.raw_headers += extra
        return response

    def within(_: str) -> str | None:
        # What a page at http:// redirects to is often found by the same key, at the same time.
        followed, location = target_of(view, memento)
        if location is not None:
            return links.memento(base, location, capture.timestamp, modifier)
        there = followed.capture
        if there == capture:
            return None
        return links.memento(base, there.url, there.timestamp, modifier)

    accepted = request.headers.get("accept-encoding", "")
    return raw_response(
        memento,
        accept_encoding="" if modifier == "ir_" else accepted,
        location=within,
        extra=extra,
        call=site.call,
        soon=soon,
    )


def _memento_headers(capture: Capture, around: Neighbours, base: str, modifier: str) -> Headers:
    link = links.link_header(base, capture.url, around, capture.timestamp, modifier)
    # Without our name: clients put the one that they know us by before it.
    here = links.memento("", capture.url, capture.timestamp, modifier)
    return [
        (b"memento-datetime", links.http_date(capture.timestamp).encode()),
        (b"link", link.encode()),
        (b"content-location", here.encode()),
        *provenance(capture),
    ]


def provenance(capture: Capture) -> Headers:
    """Where the bytes lie and what they must have as a digest."""
    return [
        (b"x-archive-src", capture.filename.encode()),
        (b"x-archive-digest", capture.digest.encode()),
    ]
