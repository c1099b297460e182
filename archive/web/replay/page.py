"""`/web/<ts>/<url>` of a page: our banner, and below it the frame that the replay fills."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from archive.index import Neighbours
from archive.memento import Memento
from archive.model import HTML, Capture, Document
from archive.web import links
from archive.web.authority import authority_of
from archive.web.pages.rendering import POLICY, render
from archive.web.replay.answers import media_type
from archive.web.site import site_of

_ACTED_ON = frozenset({401, 407, 408, 421, 425})


def is_page(memento: Memento) -> bool:
    """Whether it is shown in the frame: a page of HTML that leads nowhere else."""
    mime = media_type(memento).partition(";")[0].strip().lower()
    return mime in HTML and memento.location is None


def page_response(
    request: Request,
    capture: Capture,
    around: Neighbours,
    document: Document | None,
    *,
    bare: bool = False,
) -> Response:
    """The page around the archived one, by its title where the document has it; `bare`: without a
    banner, to be framed by pages of ours."""
    site = site_of(request.scope)
    origin = site.settings.origins.replay_of(site.base_url(request.scope))
    frame = None
    if origin is not None:
        way = links.view(capture.url, capture.timestamp)
        frame = origin + site.grants.entrance(authority_of(request.scope), way)
    context = {
        "capture": capture,
        "title": document.article.title if document is not None else None,
        "previous": around.previous,
        "next": around.next,
        "captures_page": links.captures_page(capture.url),
        "document_page": links.document_page(capture.url, capture.timestamp),
        "frame": frame,
        "origin": origin,
        "bare": bare,
    }
    frames = f"{POLICY}; frame-src {origin}" if origin is not None else POLICY
    headers = {"Content-Security-Policy": frames}
    return render(request, "replay.html", context, status=_status_of(capture), headers=headers)


def _status_of(capture: Capture) -> int:
    """An error is told as one to programs as well; but not one that browsers act on by themselves
    (credentials, another connection)."""
    status = capture.status
    return status if 400 <= status <= 599 and status not in _ACTED_ON else 200
