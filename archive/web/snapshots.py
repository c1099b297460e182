"""`/web/`: TimeGate, mementos and raw captures (RFC 7089, 4; URL forms of the Wayback Machine)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError
from archive.memento import Memento
from archive.model import Capture
from archive.timestamps import TimestampError, pad, to_timestamp
from archive.web import links
from archive.web.raw import Headers, raw_response
from archive.web.refusals import refusal_of, refuse
from archive.web.site import Site, site_of
from archive.web.targets import Target, raw_target, stamped_target
from archive.web.timemap import timemap_response

PREFIX = "/web/"

_RAW = frozenset({"id_", "ir_"})
"""Modifiers that are answered with the archived body; with `ir_` clients expect it decoded."""

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

    def work() -> Response:
        capture = site.view.find(target.url, at=at)
        around = site.view.neighbours(capture.url, capture.timestamp)
        to = links.memento(base, capture.url, capture.timestamp)
        link = links.link_header(base, capture.url, around, capture.timestamp)
        return Response(b"", 302, {"Location": to, "Link": link, **_VARY})

    return await site.call(work)


def accept_datetime(value: str | None) -> str | None:
    """14 digits of an Accept-Datetime header. Raises TimestampError for what is no HTTP date."""
    if value is None:
        return None
    try:
        return to_timestamp(parsedate_to_datetime(value))
    except (ValueError, OverflowError, TypeError) as error:
        raise TimestampError(
            f"Accept-Datetime is {value[:80]!r}: give a date as Sun, 22 Nov 2026 09:30:00 GMT"
        ) from error


async def _memento(request: Request, target: Target) -> Response:
    site = site_of(request.scope)
    base = site.base_url(request.scope)
    asked = partial(
        _answer,
        site,
        target,
        base=base,
        accept_encoding=request.headers.get("accept-encoding", ""),
        with_body=request.method != "HEAD",
    )
    return await site.call(asked)


def _answer(
    site: Site, target: Target, *, base: str, accept_encoding: str, with_body: bool
) -> Response:
    modifier = target.modifier if target.modifier in _RAW else ""
    capture = site.view.find(target.url, at=None if target.at is None else pad(target.at))
    if capture.timestamp != target.at:
        to = links.memento(base, capture.url, capture.timestamp, modifier)
        return Response(b"", 302, {"Location": to})
    memento = site.view.open(capture)

    def within(url: str) -> str:
        return links.memento(base, url, capture.timestamp, modifier)

    return raw_response(
        memento,
        accept_encoding="" if modifier == "ir_" else accept_encoding,
        location=within,
        extra=_memento_headers(site, memento, base, modifier),
        with_body=with_body,
    )


def _memento_headers(site: Site, memento: Memento, base: str, modifier: str) -> Headers:
    capture = memento.capture
    around = site.view.neighbours(capture.url, capture.timestamp)
    link = links.link_header(base, capture.url, around, capture.timestamp, modifier)
    here = links.memento(base, capture.url, capture.timestamp, modifier)
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
