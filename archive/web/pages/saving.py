"""The form that archives an address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from archive.web.pages.rendering import render
from archive.web.site import site_of


async def save_form(request: Request) -> Response:
    """What is posted to `/save`; `again` comes from where somebody sees that there is a capture."""
    url = request.query_params.get("url", "").strip()
    return save_page(request, url=url, again=request.query_params.get("again") == "1")


def save_page(
    request: Request, *, url: str = "", again: bool = False, problem: str | None = None
) -> Response:
    """The form with what was typed. `problem`: why that cannot be archived, in one sentence."""
    context = {
        "url": url,
        "again": again,
        "problem": problem,
        "on": site_of(request.scope).jobs is not None,
    }
    status = 200 if problem is None else 400
    return render(
        request, "save.html", context, status=status, headers={"Cache-Control": "no-store"}
    )
