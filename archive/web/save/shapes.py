"""What Save Page Now 2 says of a job: names and shapes that its clients know."""

from __future__ import annotations

from typing import Any

from archive.jobs import Job
from archive.web.shown_jobs import is_withheld

PREFIX = "spn2-"
"""Begins the ids of jobs as clients see them; 40 hex digits follow."""

_EXTENSIONS = {
    "invalid-url": "invalid-url-syntax",
    "address-refused": "blocked-url",
    "host-not-found": "invalid-host-resolution",
    "connection-refused": "cannot-fetch",
    "no-answer": "invalid-server-response",
    "no-tls": "protocol-error",
    "timeout": "read-timeout",
    "incomplete": "invalid-server-response",
    "too-large": "filesize-limit",
    "too-slow": "soft-time-limit-exceeded",
    "too-many-redirects": "too-many-redirects",
    "robots": "no-access",
}
"""For our reasons (crawler.spiders.failures.Reason) the names of theirs; others: job-failed."""

_STATUSES = {
    401: "unauthorized",
    403: "no-access",
    404: "not-found",
    405: "method-not-allowed",
    407: "proxy-error",
    408: "read-timeout",
    410: "not-found",
    429: "too-many-requests",
    500: "internal-server-error",
    501: "not-implemented",
    502: "bad-gateway",
    503: "service-unavailable",
    504: "gateway-timeout",
    505: "http-version-not-supported",
    509: "bandwidth-limit-exceeded",
    511: "network-authentication-required",
    999: "blocked",
}
"""For answers that are kept, and are errors all the same."""

CAPTURE_ALL = "capture_all"
"""Argument of a job: an error that a site answers with counts as a success."""

Shape = dict[str, Any]


def public_id(job: Job) -> str:
    """The id as clients have it."""
    return f"{PREFIX}{job.id}"


def private_id(text: str) -> str:
    """The id as the queue has it."""
    return text.removeprefix(PREFIX)


def error(extension: str, message: str, **more: Any) -> Shape:
    """What went wrong: `extension` is one of theirs, without `error:`."""
    return {"status": "error", "status_ext": f"error:{extension}", "message": message, **more}


def extension_of(job: Job) -> str | None:
    """Their name for what became of a job that has ended; None: all is well."""
    if job.state == "cancelled":
        return "job-failed"
    if job.error is not None:
        return _EXTENSIONS.get(job.error.reason, "job-failed")
    if is_withheld(job):
        return "no-access"
    status = (job.result or {}).get("status") or 0
    if status < 400 or job.arguments.get(CAPTURE_ALL):
        return None
    return _STATUSES.get(status, "bad-request" if status < 500 else "internal-server-error")


def status_of(job: Job) -> Shape:
    """The answer to `/save/status/<job>`."""
    url = job.arguments.get("url", "")
    result = job.result or {}
    resources = list(dict.fromkeys(filter(None, (url, result.get("final_url")))))
    if not job.is_ended:
        return {"status": "pending", "job_id": public_id(job), "resources": []}
    extension = extension_of(job)
    if extension is None:
        embeds = (result.get("requisites") or {}).get("ok", 0)
        return {
            "status": "success",
            "job_id": public_id(job),
            "original_url": url,
            "timestamp": result.get("timestamp"),
            "duration_sec": _seconds(job),
            "http_status": result.get("status"),
            "outlinks": [],
            "counters": {"outlinks": 0, "embeds": embeds},
            "resources": resources,
            "memento": result.get("memento"),
        }
    return error(
        extension,
        _message(job),
        job_id=public_id(job),
        exception=job.error.reason if job.error else None,
        original_url=url,
        timestamp=result.get("timestamp"),
        http_status=result.get("status"),
        duration_sec=_seconds(job),
        resources=resources if result.get("timestamp") else [],
    )


def _message(job: Job) -> str:
    if job.error is not None:
        return job.error.message
    if job.state == "cancelled":
        return "the job was cancelled: hand the URL in again"
    if is_withheld(job):
        return "the page was captured and is kept, but what was captured is withheld"
    result = job.result or {}
    return (
        f"the site answered with the status {result.get('status')}, and that is kept as "
        f"{result.get('memento')}; with capture_all=1 it counts as a success"
    )


def _seconds(job: Job) -> float:
    if job.started is None or job.ended is None:
        return 0.0
    return round((job.ended - job.started).total_seconds(), 3)
