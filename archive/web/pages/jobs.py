"""`/jobs`, and a job's page: archiving on demand."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.jobs import Job, JobQuery
from archive.timestamps import now, to_timestamp
from archive.web.api.jobs import cancel_job, retry_job
from archive.web.authority import authority_of
from archive.web.pages.rendering import render
from archive.web.saving import queue_of
from archive.web.shown_jobs import all_shown, shown
from archive.web.site import site_of

_PAGE = 50
_NO_STORE = {"Cache-Control": "no-store"}

_STATES = {
    "waiting": ("waiting", ""),
    "running": ("running", "change"),
    "success": ("success", "good"),
    "error": ("error", "bad"),
    "cancelled": ("cancelled", "warn"),
}


def state_of(job: Job) -> tuple[str, str]:
    """Its state in the word of the API, and the class of its mark."""
    if job.cancelling and not job.is_ended:
        return "cancelling", "warn"
    if job.state == "success" and site_failed(job):
        return "success", ""
    return _STATES[job.state]


def site_failed(job: Job) -> bool:
    """Whether what is archived is an error that the site answered with."""
    return ((job.result or {}).get("status") or 0) >= 400


def took(job: Job) -> str | None:
    """How long it has run, or ran."""
    if job.started is None:
        return None
    seconds = int(((job.ended or now()) - job.started).total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


_HELPERS = {"state_of": state_of, "site_failed": site_failed, "took": took, "digits": to_timestamp}


async def jobs(request: Request) -> Response:
    """The newest jobs."""
    site = site_of(request.scope)
    context: dict[str, object] = {
        **_HELPERS,
        "jobs": [],
        "load": None,
        "following": None,
        "before": "",
    }
    if site.jobs is None:
        return render(request, "jobs.html", context, headers=_NO_STORE)
    before = request.query_params.get("before") or None
    listed = await site.jobs.list(JobQuery(limit=_PAGE + 1, before=before))
    found = await all_shown(site, listed)
    following = None
    if len(found) > _PAGE:
        following = f"/jobs?{urlencode({'before': found[_PAGE - 1].id})}"
    context |= {
        "jobs": found[:_PAGE],
        "load": await site.jobs.load(),
        "following": following,
        "before": before or "",
    }
    return render(request, "jobs.html", context, headers=_NO_STORE)


async def job(request: Request) -> Response:
    """One job; while it runs the page asks again by itself, where scripts run."""
    site = site_of(request.scope)
    found = await shown(site, await queue_of(site).get(request.path_params["job"]))
    authority = authority_of(request.scope)
    may_change = authority.owns(found) and authority.may("save")
    # That was so when it was handed in; a job that never ran is made of a capture there was.
    known = found.started is None or "known" in request.query_params
    context = {
        **_HELPERS,
        "job": found,
        "known": known and found.state == "success",
        "may_change": may_change,
        "may_save": authority.may("save"),
    }
    return render(request, "job.html", context, headers=_NO_STORE)


async def cancel(request: Request) -> Response:
    """End a job, and show it."""
    found = await cancel_job(request, request.path_params["job"])
    return RedirectResponse(f"/jobs/{found.id}", 303, _NO_STORE)


async def retry(request: Request) -> Response:
    """Try a job again, and show it."""
    found = await retry_job(request, request.path_params["job"])
    return RedirectResponse(f"/jobs/{found.id}", 303, _NO_STORE)
