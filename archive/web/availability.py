"""`/wayback/available`: which capture of a URL there is, in the shape of the Wayback Machine."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError, NotArchived, Withheld
from archive.model import Capture
from archive.timestamps import pad
from archive.view import View
from archive.web import links
from archive.web.given import digits_in, given_in, url_in
from archive.web.refusals import refusal_of, refuse
from archive.web.routes import ExactRoute
from archive.web.site import site_of
from archive.web.targets import repaired

PATH = "/wayback/available"


async def available(request: Request) -> Response:
    """Answer with the nearest capture, without a time with the newest."""
    site = site_of(request.scope)
    try:
        url, timestamp = _asked(request.scope["query_string"])
        target = repaired(url)
        found = await site.find(lambda view: _nearest(view, target, timestamp))
    except ArchiveError as error:
        return refuse(request, refusal_of(error), as_json=True)
    answer: dict[str, object] = {"url": url, "archived_snapshots": {}}
    if timestamp:
        answer["timestamp"] = timestamp
    if found is not None:
        memento = links.memento(site.base_url(request.scope), found.url, found.timestamp)
        answer["archived_snapshots"] = {
            "closest": {
                "status": str(found.status),
                "available": True,
                "url": memento,
                "timestamp": found.timestamp,
            }
        }
    return Response(json.dumps(answer), media_type="application/json")


def _asked(query_string: bytes) -> tuple[str, str]:
    given = dict(given_in(query_string))
    return url_in(given), digits_in(given, "timestamp")


def _nearest(view: View, url: str, timestamp: str) -> Capture | None:
    try:
        return view.find(url, at=pad(timestamp) if timestamp else None)
    except (NotArchived, Withheld):
        return None


ROUTES = (ExactRoute((PATH,), available),)
