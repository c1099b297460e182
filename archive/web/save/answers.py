"""Answers of `/save` that are no page: JSON, also for what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from archive.errors import ArchiveError, JobUnknown, QueueFull, SavingOff, UrlError
from archive.jobs import Job
from archive.web.links import link, timegate
from archive.web.refusals import refusal_of
from archive.web.save import shapes

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

RETRY_AFTER = 30
"""Seconds after which a full queue may have room."""


def answer(shape: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`shape` as JSON."""
    return JSONResponse(shape, status, {**HEADERS, **(headers or {})})


def snapshot_headers(base: str, url: str, job: Job) -> dict[str, str]:
    """Where the snapshots of a URL are, and the job's own where it is there: clients that know only
    the old form look for these headers in every answer."""
    links = [link(timegate(base, url), "timegate")]
    memento = (job.result or {}).get("memento")
    if job.state != "success" or memento is None:
        return {"Link": ", ".join(links)}
    return {
        "Link": ", ".join([link(f"{base}{memento}", "memento"), *links]),
        "Content-Location": str(memento),
    }


def refused(error: ArchiveError) -> Response:
    """What is wrong with a request, as clients of Save Page Now read it: an error that a program
    should act on by its status has that status, what concerns one URL has 200."""
    refusal = refusal_of(error)
    detail = refusal.detail
    if isinstance(error, UrlError):
        return answer(shapes.error("invalid-url-syntax", detail))
    if isinstance(error, JobUnknown):
        return answer(
            shapes.error("job-not-found", detail, job_id=f"{shapes.PREFIX}{error.job}"[:80]), 404
        )
    if isinstance(error, SavingOff):
        return answer(shapes.error("not-implemented", detail), refusal.status)
    extension = "too-many-requests" if isinstance(error, QueueFull) else "service-unavailable"
    later = {"Retry-After": str(RETRY_AFTER)}
    return answer(shapes.error(extension, detail), refusal.status, later)
