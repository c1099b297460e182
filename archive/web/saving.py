"""From a URL to a job that archives it: what may be handed in, and what was archived lately."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, unquote, urlsplit

from archive.errors import NotArchived, SavingOff, UrlError, Withheld
from archive.index import CaptureQuery
from archive.jobs import ARCHIVE, Job, JobQueue, JobRequest
from archive.model import Capture, stored_fields
from archive.timestamps import now, to_datetime, to_timestamp
from archive.urlkey import urlkey
from archive.view import View
from archive.web.shown_jobs import is_withheld, shown
from archive.web.site import Site
from archive.web.targets import repaired

WITHIN = timedelta(minutes=45)
"""A URL that was archived within this time is not fetched again, unless that is asked for."""

_NO_URL = re.compile(r"[^\x21-\x7e]")
_PARTS = re.compile(
    r"([0-9]{1,9})(?![0-9])\s*(weeks?|w|days?|d|hours?|h|minutes?|min|m|seconds?|s|)"
)
_SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "": 1}
_LONGEST = 100 * 366 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A URL that somebody wants to have archived."""

    url: str  #: as `saveable` makes it
    within: timedelta = WITHIN  #: one that was archived so lately will do
    by: str = ""  #: name of the token
    priority: int = 0
    options: dict[str, Any] = field(default_factory=dict)  #: to be read again with the job


def saveable(text: str) -> str:
    """An http or https URL that can be fetched, made of what a person or a client wrote.

    Without a scheme it is http; a fragment is cut off. Raises UrlError.
    """
    url = repaired(text.strip()).partition("#")[0]
    # As browsers do (WHATWG URL, 4.4); what is left of the kind is escaped.
    url = url.translate({ord(character): None for character in "\t\r\n"})
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    tail = _NO_URL.sub(lambda found: quote(found[0]), rest[len(authority) :])
    url = f"{scheme}://{_host(authority)}{'' if tail.startswith('/') else '/'}{tail}"
    urlkey(url)
    try:
        urlsplit(url)
    except ValueError as error:
        raise UrlError(f"{text[:200]!r} is not a URL: {error}") from error
    return url


def _host(authority: str) -> str:
    """Host and port in ASCII (IDNA 2003, as in urlkeys). Raises UrlError."""
    host = unquote(authority)
    # IDNA makes one of its wider forms too.
    if "@" in normalize("NFKC", host):
        raise UrlError(
            "a URL with a user name or password is not taken: they would be seen by everybody who "
            "looks at the job; leave them out"
        )
    try:
        found = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError as error:
        raise UrlError(f"{host[:200]!r} is not the name of a host: {error}") from error
    if _NO_URL.search(found):
        raise UrlError(f"{host[:200]!r} is not the name of a host")
    return found


def duration(text: str) -> timedelta:
    """`3d`, `15h`, `3d 5h 20m`, seconds; of a pair `main,outlinks` the first. Raises ValueError."""
    first = text.partition(",")[0].strip().lower()
    if not first or _PARTS.sub("", first).strip():
        raise ValueError(f"{text[:80]!r} is not a time span: give it as 3d, 15h or 3600 (seconds)")
    seconds = sum(int(number) * _SECONDS[unit[:1]] for number, unit in _PARTS.findall(first))
    return timedelta(seconds=min(seconds, _LONGEST))


def recent(view: View, url: str, within: timedelta) -> Capture | None:
    """The newest whole and stored 2xx capture of exactly this URL that is not older than `within`.

    Blocks. Raises IndexFailure, UrlError.
    """
    if not within:
        return None
    moment = now()
    since, until = to_timestamp(moment - within), to_timestamp(moment)

    def will_do(capture: Capture) -> bool:
        return (
            # Another tool's clock may have been wrong.
            since <= capture.timestamp <= until
            # Others share its urlkey: a letter in the path may be small or capital.
            and capture.url == url
            and 200 <= capture.status < 300
            and capture.truncated is None
            and view.is_stored(capture)
        )

    try:
        newest = view.find(url)
    except (NotArchived, Withheld):
        return None
    if newest.timestamp < since:
        return None
    if will_do(newest):
        return newest
    found = [one for one in view.captures(CaptureQuery(url=url, start=since)) if will_do(one)]
    return found[-1] if found else None


def queue_of(site: Site) -> JobQueue:
    """Raises SavingOff."""
    if site.jobs is None:
        raise SavingOff
    return site.jobs


async def submit(site: Site, wish: Wish) -> Job:
    """The job of a wish, as it may be shown: a new one, or one that is already at it or did it
    lately.

    Raises SavingOff, QueueFull, IndexFailure, UrlError.
    """
    queue = queue_of(site)
    found = await site.find(lambda view: recent(view, wish.url, wish.within), quick=False)
    request = JobRequest(
        kind=ARCHIVE,
        arguments={"url": wish.url, **wish.options},
        partition=urlsplit(wish.url).hostname,
        priority=wish.priority,
        by=wish.by,
        key=" ".join([wish.url, *sorted(wish.options)]),
        within=wish.within,
        result=None if found is None else _result(wish.url, found),
        result_at=None if found is None else to_datetime(found.timestamp),
    )
    job = await shown(site, await queue.submit(request))
    if is_withheld(job):
        # Nobody is served with what may not be shown: another one takes its place.
        job = await shown(site, await queue.submit(replace(request, within=timedelta(0))))
    return job


def nothing_fetched(job: Job) -> str | None:
    """Of a job as `submit` gives it, the sentence that the URL was archived lately and nothing is
    fetched; None: it is archived now."""
    if job.state != "success" or job.result is None or is_withheld(job):
        return None
    timestamp = job.result.get("timestamp")
    if not timestamp:
        return None
    return (
        f"nothing is fetched: the URL was archived at {timestamp}, and that is the result; with "
        "if_not_archived_within=0 it is archived again"
    )


def _result(url: str, capture: Capture) -> dict[str, Any]:
    """What `pressmark archive --json` would have said of the capture."""
    return {
        "ok": True,
        "state": "stored",
        "url": url,
        "final_url": capture.url,
        **stored_fields(capture),
    }
