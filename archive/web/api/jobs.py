"""`/jobs` and `/check`: archiving on demand, and whether that is needed at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from archive.errors import NotArchived
from archive.jobs import Job, JobQuery, JobState
from archive.model import Capture
from archive.view import View
from archive.web.api.cursors import Cursors, announce
from archive.web.api.mistakes import checked
from archive.web.api.models import API, CaptureModel
from archive.web.api.parameters import Cursor, Limit, UrlToSave
from archive.web.api.problems import problems
from archive.web.authority import authority_of
from archive.web.saving import (
    Wish,
    duration,
    nothing_fetched,
    queue_of,
    recent,
    saveable,
    submit,
)
from archive.web.shown_jobs import all_shown, shown
from archive.web.site import site_of

router = APIRouter(tags=["jobs"])

_cursors: Cursors[str] = Cursors(str)

_SPAN = "A time span: `3d`, `15h`, `1h 30m`, or a number of seconds"


def _checked_span(text: str) -> str:
    duration(text)
    return text


_time_span = checked(_checked_span)

JobId = Annotated[str, Path(min_length=1, max_length=100, description="Id of a job.")]
Within = Annotated[
    str | None,
    Query(max_length=100, description=f"{_SPAN}.", examples=["3d", "15h", "3600"]),
    _time_span,
]


class JobWish(BaseModel):
    """What is to be archived."""

    url: Annotated[str, checked(saveable)] = Field(
        min_length=1,
        max_length=1 << 16,
        description="Address of the page; without a scheme it is http.",
        examples=["https://news.example.org/"],
    )
    if_not_archived_within: Annotated[str | None, _time_span] = Field(
        default=None,
        max_length=100,
        description=f"{_SPAN}; a URL that was archived within it is not fetched again: the job "
        "that is answered with has ended. 45 minutes where nothing is said; `0`: never so.",
    )


class JobError(BaseModel):
    """Why a job failed."""

    reason: str = Field(description="A word, such as `timeout`.")
    message: str = Field(description="A sentence: the thing, the cause, the remedy.")


class JobModel(BaseModel):
    """One job as it is now."""

    id: str
    kind: str = Field(description="`archive`: one URL on demand.")
    state: JobState = Field(description="`success`: what was captured is stored.")
    url: str | None = Field(description="What is archived.")
    submitted: datetime
    started: datetime | None = Field(
        description="Of the last attempt; null: it waits, or needed none."
    )
    ended: datetime | None
    attempts: int = Field(description="How often it was begun.")
    cancelling: bool = Field(description="It was asked to end, and has not yet.")
    by: str = Field(description="Name of the token that it was handed in with; may be empty.")
    result: dict[str, Any] | None = Field(
        description="What `pressmark archive --json` prints; `memento` is the path of the snapshot."
        " Of what is withheld only `ok`, `state`, `url`, `error`, and `withheld`, which is true."
    )
    error: JobError | None
    message: str | None = Field(
        default=None,
        description="Where a job was asked for and nothing is fetched: since when it is archived.",
    )

    @classmethod
    def of(cls, job: Job, message: str | None = None) -> Self:
        """As a model."""
        error = job.error
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            url=job.arguments.get("url"),
            submitted=job.submitted,
            started=job.started,
            ended=job.ended,
            attempts=job.attempts,
            cancelling=job.cancelling,
            by=job.by,
            result=_plain(job.result),
            error=JobError(reason=error.reason, message=error.message) if error else None,
            message=message,
        )


class JobPage(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobModel]
    next: str | None = Field(description="The next page.")


class CheckModel(BaseModel):
    """Whether a URL is archived, and whether it could be."""

    url: str = Field(description="As it would be archived.")
    archived: bool = Field(description="Whether there is a capture of it.")
    last: CaptureModel | None = Field(
        description="The newest capture with a status of 2xx, else the newest."
    )
    recent: bool | None = Field(
        description="Whether it was archived within `within`: whole, with a status of 2xx, and "
        "stored. Null: `within` was not given."
    )
    may_save: bool = Field(description="Whether who asks may have it archived here and now.")
    save: str | None = Field(description="Where to POST `{url}` for that; null where one may not.")


@router.get("/check", summary="Is it archived?", responses=problems(451))
async def check(request: Request, url: UrlToSave, within: Within = None) -> CheckModel:
    """Whether a URL is archived, when last, and whether it may be archived now."""
    site = site_of(request.scope)
    span = None if within is None else duration(within)
    last, lately = await site.find(lambda view: _looked_up(view, url, span), quick=False)
    base = site.base_url(request.scope)
    may_save = site.jobs is not None and authority_of(request.scope).may("save")
    return CheckModel(
        url=url,
        archived=last is not None,
        last=None if last is None else CaptureModel.of(last, base),
        recent=None if span is None else lately,
        may_save=may_save,
        save=f"{base}{API}/jobs" if may_save else None,
    )


@router.get("/jobs", summary="Jobs", responses=problems(501))
async def list_jobs(
    request: Request,
    response: Response,
    kind: Annotated[str | None, Query(max_length=40, description="Only this kind.")] = None,
    state: Annotated[JobState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JobPage:
    """The newest first; ended ones are known for a while only."""
    queue = queue_of(site_of(request.scope))
    before = _cursors.place(request, cursor)
    states = () if state is None else (state,)
    query = JobQuery(kind=kind, states=states, limit=limit + 1, before=before)
    found = await all_shown(site_of(request.scope), await queue.list(query))
    following = _cursors.next_page(request, found[limit - 1].id) if len(found) > limit else None
    announce(response, following)
    return JobPage(jobs=[JobModel.of(job) for job in found[:limit]], next=following)


@router.post(
    "/jobs", summary="Archive a URL", status_code=202, responses=problems(400, 429, 501, 503)
)
async def submit_job(request: Request, response: Response, wish: JobWish) -> JobModel:
    """Take a URL in. The job that is answered with may be one that is at it already, or has done it
    lately; `Location` is where to ask what became of it."""
    site = site_of(request.scope)
    wanted = Wish(url=wish.url, by=authority_of(request.scope).by)
    if wish.if_not_archived_within is not None:
        wanted = replace(wanted, within=duration(wish.if_not_archived_within))
    job = await submit(site, wanted)
    response.headers["Location"] = f"{site.base_url(request.scope)}{API}/jobs/{job.id}"
    return JobModel.of(job, nothing_fetched(job))


@router.get("/jobs/{job}", summary="One job", responses=problems(404, 501))
async def get_job(request: Request, job: JobId) -> JobModel:
    """A job as it is now."""
    site = site_of(request.scope)
    return JobModel.of(await shown(site, await queue_of(site).get(job)))


@router.post("/jobs/{job}/cancel", summary="End a job", responses=problems(404, 501))
async def cancel_job(request: Request, job: JobId) -> JobModel:
    """A job that waits ends at once; one that runs stops in order and keeps what it has captured,
    which takes a while. One that has ended stays as it is."""
    await _own(request, job)
    site = site_of(request.scope)
    return JobModel.of(await shown(site, await queue_of(site).cancel(job)))


@router.post("/jobs/{job}/retry", summary="Try a job again", responses=problems(404, 409, 501))
async def retry_job(request: Request, job: JobId) -> JobModel:
    """One that failed or was cancelled waits again, under the same id. Where another one is at the
    same URL already, that one is answered with."""
    await _own(request, job)
    site = site_of(request.scope)
    return JobModel.of(await shown(site, await queue_of(site).retry(job)))


async def _own(request: Request, name: str) -> None:
    """Raises HTTPException where the job is another one's."""
    job = await queue_of(site_of(request.scope)).get(name)
    if not authority_of(request.scope).owns(job):
        raise HTTPException(
            403,
            "this job was handed in with another token: use that one, or one with the scope admin",
        )


def _looked_up(view: View, url: str, span: timedelta | None) -> tuple[Capture | None, bool]:
    try:
        last = view.find(url)
    except NotArchived:
        return None, False
    return last, span is not None and recent(view, url, span) is not None


def _plain(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if result is None else dict(result)
