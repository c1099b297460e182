"""The handlers of `/save`, `/save/<url>` and `/save/status/...`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from archive.errors import ArchiveError, JobUnknown, UrlError
from archive.jobs import Job
from archive.web.authority import authority_of
from archive.web.pages.saving import save_page
from archive.web.refusals import Refusal, for_people, refusal_of, refuse
from archive.web.routes import PrefixRoute
from archive.web.save import shapes
from archive.web.save.answers import HEADERS, answer, refused, snapshot_headers
from archive.web.save.asking import Asked, BadRequest, asked, names_of
from archive.web.save.old_form import snapshot
from archive.web.save.shapes import Shape, private_id, public_id, status_of
from archive.web.saving import Wish, nothing_fetched, queue_of, saveable, submit
from archive.web.shown_jobs import all_shown, shown
from archive.web.site import Site, site_of
from archive.web.targets import raw_target

_PATH = "/save"
_BELOW = "/save/"
_STATUS = "/save/status"

_MOST = 100
"""Jobs whose status one request is told."""


async def save(request: Request) -> Response:
    """POST: take a URL in, and answer at once with the id of its job."""
    path = request.scope["path"]
    url = raw_target(request.scope, _BELOW) if path.startswith(_BELOW) else ""
    try:
        wanted = await asked(request, url)
    except BadRequest as error:
        if for_people(request):
            return save_page(request, url=url, problem=str(error))
        return _bad(request, error)
    return await _taken(request, wanted)


async def _taken(request: Request, wanted: Asked) -> Response:
    site = site_of(request.scope)
    try:
        wish = Wish(
            url=saveable(wanted.url),
            within=wanted.within,
            by=authority_of(request.scope).by,
            options=wanted.options,
        )
        job = await submit(site, wish)
    except UrlError as error:
        if for_people(request):
            again = not wanted.within
            return save_page(request, url=wanted.url, again=again, problem=str(error))
        return refused(error)
    except ArchiveError as error:
        return _refused(request, error)
    known = nothing_fetched(job)
    if for_people(request):
        return _page_of(job, "?known=1" if known else "")
    message = "; ".join(filter(None, (known, wanted.note)))
    told = {"message": message} if message else {}
    headers = snapshot_headers(site.base_url(request.scope), wish.url, job)
    return answer({"url": wish.url, "job_id": public_id(job), **told}, headers=headers)


def _refused(request: Request, error: ArchiveError) -> Response:
    return refuse(request, refusal_of(error)) if for_people(request) else refused(error)


def _bad(request: Request, error: BadRequest) -> Response:
    if for_people(request):
        return refuse(request, Refusal(status=400, detail=str(error)))
    return answer(shapes.error("bad-request", str(error)))


def _page_of(job: Job, query: str = "") -> Response:
    return RedirectResponse(f"/jobs/{job.id}{query}", 303, HEADERS)


async def _below(request: Request) -> Response:
    """What stands below /save/: a status, or a URL that is to be saved."""
    path = f"{request.scope['path']}/"
    if path.startswith(f"{_STATUS}/"):
        return await _status(request, path.removeprefix(f"{_STATUS}/").strip("/"))
    if request.method == "POST":
        return await save(request)
    target = raw_target(request.scope, _BELOW)
    if not target:
        return RedirectResponse(_PATH, 303, HEADERS)
    if for_people(request) or "json" in request.headers.get("accept", ""):
        return await _taken(request, Asked(url=target))
    return await snapshot(request, target)


async def _status(request: Request, name: str) -> Response:
    """What became of a job, or of several; or how busy we are (`user`, `system`)."""
    site = site_of(request.scope)
    try:
        queue = queue_of(site)
        if name == "user":
            load = await queue.load(authority_of(request.scope).by)
            return answer({"available": load.room, "processing": load.waiting + load.running})
        if name == "system":
            return answer(await _system(site))
        if not name:
            return answer(await _several(site, await names_of(request)))
        job = await shown(site, await queue.get(private_id(name)))
    except BadRequest as error:
        return _bad(request, error)
    except ArchiveError as error:
        return _refused(request, error)
    return _page_of(job) if for_people(request) else answer(status_of(job))


async def _system(site: Site) -> Shape:
    queue = queue_of(site)
    load, limits = await queue.load(), queue.limits
    full = "no more URLs can be taken in now: try again later"
    return {
        "status": "ok" if load.room else full,
        "waiting": load.waiting,
        "running": load.running,
        "limits": {
            "waiting": limits.waiting,
            "requests_per_minute": site.settings.save_rate,
            "status_seconds": int(limits.remembered.total_seconds()),
        },
    }


async def _several(site: Site, names: list[str]) -> list[Shape]:
    queue = queue_of(site)
    wanted = names[:_MOST]
    jobs, unknown = dict[str, Job](), dict[str, Shape]()
    for name in wanted:
        try:
            jobs[name] = await queue.get(private_id(name))
        except JobUnknown as error:
            unknown[name] = shapes.error("job-not-found", str(error), job_id=name[:80])
    told = await all_shown(site, list(jobs.values()))
    statuses = dict(zip(jobs, map(status_of, told), strict=True))
    every = statuses | unknown
    return [every[name] for name in wanted]


ROUTES: tuple[BaseRoute, ...] = (
    Route(_PATH, save, methods=["POST"]),
    PrefixRoute(_BELOW, _below, methods=("GET", "POST")),
)
