"""The application with all that stands before it, in its order."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from archive.web.guard.gate import Gate
from archive.web.guard.limits import Limits
from archive.web.guard.observing import Observing
from archive.web.guard.rates import Rates
from archive.web.guard.security_headers import SecurityHeaders
from archive.web.site import Site, site_of


def guarded(app: ASGIApp, site: Site) -> ASGIApp:
    """The application, to be reached by those alone who may, as often and as much as they may."""
    settings = site.settings
    site.metrics.count(lambda: site.stock.of(site.view).counts)
    inner = Gate(Rates(Limits(app, settings), settings), site)
    return Observing(SecurityHeaders(inner), site.metrics, site.access_log)


async def _metrics(request: Request) -> Response:
    """Read in a thread: counting takes a while."""
    site = site_of(request.scope)
    text = await site.call(site.metrics.text)
    headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    return Response(text, 200, {**headers, "Cache-Control": "no-store"})


ROUTES = [Route("/metrics", _metrics)]
