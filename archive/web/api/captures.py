"""`/captures`: what was captured of a URL, one capture, and its records as a WARC file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.convertors import Convertor, register_url_convertor

from archive.index import CapturePlace, CaptureQuery
from archive.model import Capture
from archive.timestamps import pad
from archive.urlkey import Match
from archive.view import View
from archive.web.api.choosing import RecordId, chosen
from archive.web.api.cursors import Cursors, announce
from archive.web.api.models import API, CaptureModel
from archive.web.api.parameters import (
    At,
    Cursor,
    From,
    Limit,
    Source,
    To,
    Url,
    of_form,
)
from archive.web.api.problems import problems
from archive.web.raw import saved_as
from archive.web.site import site_of
from archive.web.targets import raw_target, repaired

router = APIRouter(tags=["captures"])

WARC = "application/warc"
BINARY = {"type": "string", "format": "binary"}

_SCANNED = 20_000
"""Captures that one request looks at: one that fits may come after very many that do not."""


class CapturePage(BaseModel):
    """Captures in the order of CDXJ: by urlkey, then time."""

    captures: list[CaptureModel]
    next: str | None = Field(
        description="The next page. A page may be short, or empty, and have one all the same: "
        "where a filter passes few of very many captures."
    )


class _Target(Convertor[str]):
    """Any characters, line feeds too. The handler takes them from the request line instead."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("target", _Target())

_Time = Annotated[str, Field(pattern="^[0-9]{14}$")]
_Offset = Annotated[int, Field(ge=0, lt=1 << 63)]
_cursors: Cursors[CapturePlace] = Cursors(tuple[str, _Time, str, _Offset])

_STATUS = "^([0-9]{1,3}|[1-9]xx)$"
_DIGITS = "^[0-9]{1,14}$"

StatusFilter = Annotated[
    str | None,
    Query(
        json_schema_extra={"pattern": _STATUS},
        description="Only this HTTP status, or class of them.",
        examples=["200", "4xx"],
    ),
    of_form(_STATUS, "a status such as 404, or a class of them such as 4xx"),
]
MimeFilter = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Only this media type, or kind of them.",
        examples=["text/html", "image/*"],
    ),
]


@router.get("/captures", summary="Captures of a URL")
async def list_captures(
    request: Request,
    response: Response,
    url: Url,
    match: Annotated[
        Match,
        Query(
            description="What `url` stands for: itself, what begins with it, its host, or that "
            "and the hosts below it."
        ),
    ] = "exact",
    start: From = None,
    end: To = None,
    status: StatusFilter = None,
    mime: MimeFilter = None,
    source: Source = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> CapturePage:
    """All captures that the URL stands for, whatever their status, oldest first for each URL."""
    site = site_of(request.scope)
    query = CaptureQuery(
        url=url,
        match=match,
        start=start,
        end=end,
        after=_cursors.place(request, cursor),
    )

    def fits(capture: Capture) -> bool:
        return (
            (source is None or capture.source == source)
            and (status is None or _has_status(capture, status))
            and (mime is None or _has_mime(capture, mime))
        )

    base = site.base_url(request.scope)

    def work() -> CapturePage:
        found, last = _scan(site.view.settled(), query, fits, limit)
        return CapturePage(
            captures=[CaptureModel.of(capture, base) for capture in found],
            next=None if last is None else _cursors.next_page(request, last),
        )

    page = await site.call(work)
    announce(response, page.next)
    return page


@router.get(
    "/captures/warc",
    summary="The records of a capture as a WARC file",
    responses=problems(404, 451, 502) | {200: {"content": {WARC: {"schema": BINARY}}}},
    response_class=Response,
)
async def download_warc(
    request: Request, url: Url, at: At = None, record_id: RecordId = None
) -> Response:
    """Request and response, or revisit, byte for byte as they stand in the archive's own file."""
    site = site_of(request.scope)

    def work() -> Response:
        view = site.view.settled()
        capture = chosen(view, url, at, record_id)
        members = view.open(capture).members
        return Response(members, headers=saved_as(capture, ".warc.gz"), media_type=WARC)

    return await site.read(work)


@router.get(
    "/captures/{timestamp}/{url:target}", summary="One capture", responses=problems(404, 451)
)
async def get_capture(
    request: Request,
    timestamp: Annotated[
        str,
        Path(
            json_schema_extra={"pattern": _DIGITS},
            description="1 to 14 digits; the nearest capture answers.",
        ),
        of_form(_DIGITS, "a time of 1 to 14 digits, such as 20261122"),
    ],
    _url: Annotated[
        str,
        Path(alias="url", description="The archived URL as it is, with its query."),
    ],
) -> CaptureModel:
    """The capture that is nearest to a time, and where everything that belongs to it is found."""
    site = site_of(request.scope)
    # What a framework hands over is decoded, and has lost its query.
    url = repaired(raw_target(request.scope, f"{API}/captures/").partition("/")[2])
    capture = await site.find(lambda view: view.find(url, at=pad(timestamp)))
    return CaptureModel.of(capture, site.base_url(request.scope))


def _scan(
    view: View, query: CaptureQuery, fits: Callable[[Capture], bool], limit: int
) -> tuple[list[Capture], CapturePlace | None]:
    """What fits, and the place behind which there may be more."""
    found: list[Capture] = []
    last: CapturePlace | None = None
    for number, capture in enumerate(view.captures(query)):
        if len(found) == limit or number == _SCANNED:
            return found, last
        if fits(capture):
            found.append(capture)
        last = capture.urlkey, capture.timestamp, capture.filename, capture.offset
    return found, None


def _has_status(capture: Capture, wanted: str) -> bool:
    if wanted.endswith("xx"):
        return capture.status // 100 == int(wanted[0])
    return capture.status == int(wanted)


def _has_mime(capture: Capture, wanted: str) -> bool:
    kind, _, rest = wanted.lower().partition("/")
    if rest == "*":
        return capture.mime.partition("/")[0] == kind
    return capture.mime == wanted.lower()
