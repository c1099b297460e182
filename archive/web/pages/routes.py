"""Where the pages are."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from archive.web.pages import captures, difference, document, jobs, saving, search, sources, static
from archive.web.pages.rendering import render
from archive.web.routes import PrefixRoute


async def about(request: Request) -> Response:
    """Help: citing, addresses, keyboard."""
    return render(request, "about.html")


ROUTES: tuple[BaseRoute, ...] = (
    PrefixRoute(static.PREFIX, static.static_file),
    Route("/", search.front),
    Route("/captures", captures.captures),
    Route("/document", document.document),
    Route("/cite", document.cite),
    Route("/diff", difference.diff),
    Route("/sources", sources.sources),
    Route("/sources/{name}", sources.source),
    Route("/jobs", jobs.jobs),
    Route("/jobs/{job}", jobs.job),
    Route("/jobs/{job}/cancel", jobs.cancel, methods=["POST"]),
    Route("/jobs/{job}/retry", jobs.retry, methods=["POST"]),
    Route("/save", saving.save_form),
    Route("/about", about),
)
