"""`GET /save/<url>` as programs send it: the answer comes when the snapshot is there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError, UrlError
from archive.web.authority import authority_of
from archive.web.save import shapes
from archive.web.save.answers import answer, refused, snapshot_headers
from archive.web.saving import Wish, queue_of, saveable, submit
from archive.web.shown_jobs import shown
from archive.web.site import site_of

WAITED = 60.0
"""Seconds that the answer waits for the snapshot."""

_BEFORE = 1  # priority: somebody waits with an open connection

_STATUSES = {
    "blocked-url": 403,
    "no-access": 403,
    "unauthorized": 403,
    "not-found": 404,
    "read-timeout": 504,
    "gateway-timeout": 504,
    "soft-time-limit-exceeded": 504,
    "job-failed": 503,
}
"""What an error of this name is answered with; others with 502."""


async def snapshot(request: Request, target: str) -> Response:
    """302 to the new snapshot, with Content-Location; 202 while it is not there yet."""
    site = site_of(request.scope)
    by = authority_of(request.scope).by
    try:
        job = await submit(site, Wish(url=saveable(target), by=by, priority=_BEFORE))
        job = await shown(site, await queue_of(site).wait(job.id, WAITED))
    except UrlError as error:
        return answer(shapes.error("invalid-url-syntax", str(error)), 400)
    except ArchiveError as error:
        return refused(error)
    if not job.is_ended:
        where = f"/save/status/{shapes.public_id(job)}"
        return answer(shapes.status_of(job), 202, {"Location": where, "Retry-After": "5"})
    extension = shapes.extension_of(job)
    if extension is not None:
        return answer(shapes.status_of(job), _STATUSES.get(extension, 502))
    base = site.base_url(request.scope)
    found = snapshot_headers(base, job.arguments["url"], job)
    found["Location"] = base + found["Content-Location"]
    return answer(shapes.status_of(job), 302, found)
