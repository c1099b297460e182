"""Jobs as they may be told: what one has captured, and is withheld, is not told with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archive.errors import UrlError
from archive.jobs import Job
from archive.view import View
from archive.web.site import Site

_KEPT = ("ok", "state", "url", "error")
"""Of a result whose capture is withheld: what says nothing of the capture."""


async def shown(site: Site, job: Job) -> Job:
    """See `all_shown`."""
    (found,) = await all_shown(site, (job,))
    return found


async def all_shown(site: Site, jobs: Sequence[Job]) -> list[Job]:
    """The jobs, without what is withheld now of their results. Raises IndexFailure."""
    if not any(job.result for job in jobs):
        return list(jobs)
    return await site.call(_all_shown, site.view, jobs)


def is_withheld(job: Job) -> bool:
    """Whether a job, as it is shown, has captured what is withheld."""
    return job.result is not None and job.result.get("withheld") is True


def _all_shown(view: View, jobs: Sequence[Job]) -> list[Job]:
    view = view.settled()
    return [_shown(view, job) for job in jobs]


def _shown(view: View, job: Job) -> Job:
    result = job.result
    if result is None or not _is_withheld(view, result):
        return job
    kept = {name: result[name] for name in _KEPT if name in result}
    return replace(job, result={**kept, "withheld": True})


def _is_withheld(view: View, result: Mapping[str, Any]) -> bool:
    timestamp = result.get("timestamp")
    if timestamp is None:
        return False  # nothing was captured
    digest, filename = result.get("digest") or "", result.get("filename")
    # A page that leads to one that is withheld, or the other way round, would tell of it.
    urls = dict.fromkeys(filter(None, (result.get("url"), result.get("final_url"))))
    if any(_hides(view, url, timestamp, digest) for url in urls):
        return True
    return filename is not None and view.withholds_at(filename, result["offset"])


def _hides(view: View, url: str, timestamp: str, digest: str) -> bool:
    try:
        return view.withholds(url, timestamp, digest)
    except UrlError:
        return False  # no decision names it
