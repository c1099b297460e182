"""What people see instead of what they asked for."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from archive.web.pages.rendering import render
from archive.web.targets import raw_target

_HEADINGS = {
    400: "That cannot be looked up",
    401: "Please sign in",
    403: "You may not do that",
    404: "There is nothing here",
    405: "That does not work here",
    409: "That cannot be done now",
    413: "That is too much at once",
    429: "Too many requests",
    451: "Withheld",
    500: "Something went wrong here",
    502: "The archive's copy cannot be shown",
    503: "The archive cannot be read now",
}
_NOT_ARCHIVED = "Not in the archive"
_ADVICE = {
    401: "With a token, or in a browser after signing in, this can be seen.",
    403: "The token that you use does not allow it. Ask those who run the archive for another one.",
    429: "Wait a little, then try again.",
    451: "The archive holds this but does not show it to the public. Nothing of it is deleted.",
    502: "The bytes that the archive holds are not what they should be, so they are not passed off "
    "as the page. Other captures of the address may be sound. Those who run the archive find the "
    "cause in the log of the server.",
    503: "A database or a store does not answer. Nothing is lost by that: try again in a moment.",
}


def error_page(
    request: Request,
    *,
    status: int,
    detail: str,
    url: str | None = None,
    words: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal as a page; `detail` is one sentence. `url`: what was asked for and is not archived,
    which the page offers to archive; `words`: what was typed, where that may have been no URL."""
    heading = _HEADINGS.get(status, "That did not work")
    context = {
        "status": status,
        "heading": _NOT_ARCHIVED if url is not None else heading,
        "detail": detail,
        "advice": _ADVICE.get(status),
        "url": url,
        "onward": _onward(request),
        "words": words,
    }
    return render(request, "error.html", context, status=status, headers=headers)


def _onward(request: Request) -> str:
    """What was asked for and can be asked for again; what would do something is not."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    return raw_target(request.scope, "")
