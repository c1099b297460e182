"""Answers to requests that cannot be served: which status, and in which form."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from archive.errors import (
    ArchiveError,
    ContentError,
    IndexFailure,
    JobNotRetried,
    JobUnknown,
    NotArchived,
    NothingToCompare,
    ParameterError,
    QueueFull,
    RecordError,
    RestrictionLifted,
    RestrictionUnknown,
    SavingOff,
    SpooledElsewhere,
    StateFailure,
    StoreError,
    UrlError,
    Withheld,
)
from archive.timestamps import TimestampError
from archive.web.api.mistakes import mistake
from archive.web.authority import authority_of
from archive.web.pages.errors import error_page

logger = logging.getLogger(__name__)

_STATUSES: tuple[tuple[type[ArchiveError], int], ...] = (
    (NotArchived, 404),
    (NothingToCompare, 404),
    (Withheld, 451),
    (RestrictionUnknown, 404),
    (RestrictionLifted, 409),
    (JobUnknown, 404),
    (JobNotRetried, 409),
    (QueueFull, 429),
    (SavingOff, 501),
    (UrlError, 400),
    (ParameterError, 400),
    (TimestampError, 400),
    # The archive holds something that cannot be given out as what it is.
    (RecordError, 502),
    (ContentError, 502),
    (IndexFailure, 503),
    (StateFailure, 503),
    (StoreError, 503),
)
_TOLD = (SavingOff, SpooledElsewhere)
"""What clients are told whole though it is the server that cannot."""

_RETRY_AFTER = "5"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal, in words."""

    status: int
    detail: str  #: one sentence: the thing, the cause, the remedy
    #: name of each parameter that is wrong, such as "query.limit", and what is wrong with it
    errors: tuple[tuple[str, str], ...] = ()
    url: str | None = None  #: of which there is no capture
    confidential: str | None = None  #: for administrators alone: why it is so

    def told_to(self, scope: Scope) -> Refusal:
        """The refusal as whoever sent the request may read it."""
        if self.confidential is None or not authority_of(scope).may("admin"):
            return replace(self, confidential=None)
        return replace(self, detail=f"{self.detail} ({self.confidential})")

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase


def refusal_of(error: ArchiveError) -> Refusal:
    """What a client is told of an error; what is our own affair is logged, and only hinted at."""
    status = next((code for kind, code in _STATUSES if isinstance(error, kind)), 500)
    if status < 500 or isinstance(error, _TOLD):
        url = error.url if isinstance(error, NotArchived) else None
        reasons = error.reasons if isinstance(error, Withheld) else None
        return Refusal(status=status, detail=str(error), url=url, confidential=reasons)
    logger.error("%s", error)
    if status == 503:
        return Refusal(status=503, detail="the archive cannot be read now: try again later")
    return Refusal(status=status, detail="the archive's copy cannot be given out as it was")


def for_people(request: Request) -> bool:
    """Whether a browser shows the answer to somebody; programs are told in their own form."""
    return "text/html" in request.headers.get("accept", "") and not _takes_json(request)


def _takes_json(request: Request) -> bool:
    below_api = request.scope["path"].startswith("/api/")
    return below_api or "json" in request.headers.get("accept", "")


def _takes_all(request: Request) -> bool:
    """Below `/web/`, where what is missing can be archived, a page is for programs as well."""
    accept = request.headers.get("accept", "*/*")
    return "*/*" in accept and request.scope["path"].startswith("/web/")


def refuse(
    request: Request,
    refusal: Refusal,
    headers: Mapping[str, str] | None = None,
    *,
    as_json: bool = False,
) -> Response:
    """The refusal in the form that the client asked for: problem+json (RFC 9457), HTML, or text.

    `as_json`: where clients look for JSON whatever they ask for.
    """
    refusal = refusal.told_to(request.scope)
    all_headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    all_headers |= {"Retry-After": _RETRY_AFTER} if refusal.status in (429, 503) else {}
    all_headers |= headers or {}
    if as_json or _takes_json(request):
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": refusal.title,
            "status": refusal.status,
            "detail": refusal.detail,
            # What clients of other CDX servers look for.
            "message": refusal.detail,
        }
        if refusal.errors:
            problem["errors"] = [
                {"parameter": name, "detail": detail} for name, detail in refusal.errors
            ]
        all_headers["Content-Type"] = "application/problem+json"
        return Response(json.dumps(problem), refusal.status, all_headers)
    if for_people(request) or (refusal.url is not None and _takes_all(request)):
        return error_page(
            request,
            status=refusal.status,
            detail=refusal.detail,
            url=refusal.url,
            headers=all_headers,
        )
    all_headers["Content-Type"] = "text/plain; charset=utf-8"
    return Response(f"{refusal.detail}\n", refusal.status, all_headers)


async def _refuse_archive_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ArchiveError)
    return refuse(request, refusal_of(error))


async def _refuse_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail, headers = error.detail, error.headers
    if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "there is nothing at this address"
    elif error.status_code == 405:
        detail = f"this address does not answer {request.method[:40]}"
        headers = {"Allow": ", ".join(_allowed(request))}
    return refuse(request, Refusal(status=error.status_code, detail=detail), headers)


def _allowed(request: Request) -> list[str]:
    """Methods that the address answers; the error names those of one route of several."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


async def _refuse_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = tuple(map(mistake, error.errors()))
    detail = "; ".join(f"{name}: {wrong}" for name, wrong in errors)
    return refuse(request, Refusal(status=400, detail=detail, errors=errors))


async def _refuse_defect(request: Request, _: Exception) -> Response:
    # It is raised again when this is sent, and logged by the server.
    return refuse(request, Refusal(status=500, detail="the server has a defect: see its log"))


HANDLERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    ArchiveError: _refuse_archive_error,
    HTTPException: _refuse_http_error,
    RequestValidationError: _refuse_parameters,
    Exception: _refuse_defect,
}
"""What an application of ours does with what its handlers raise."""
