"""The application: routes, and what lies around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from archive.web.api.app import make_api
from archive.web.api.models import API
from archive.web.availability import ROUTES as AVAILABILITY
from archive.web.cdx.handlers import ROUTES as CDX
from archive.web.guard.guarding import ROUTES as METRICS
from archive.web.guard.guarding import guarded
from archive.web.guard.login import ROUTES as LOGIN
from archive.web.pages.routes import ROUTES as PAGES
from archive.web.refusals import HANDLERS
from archive.web.replay.app import ByOrigin, make_replay
from archive.web.robots import ROUTES as ROBOTS
from archive.web.routes import PrefixMount, PrefixRoute
from archive.web.save.routes import ROUTES as SAVE
from archive.web.site import Site
from archive.web.snapshots import PREFIX, snapshot
from archive.web.warcs import ROUTES as WARCS


def make_app(site: Site) -> ASGIApp:
    """An ASGI application (ASGI 3.0) that serves the site; its collection stays the caller's."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if site.jobs is not None:
            await site.jobs.close()
        site.shut_down(wait=False)

    app = Starlette(
        routes=[
            PrefixRoute(PREFIX, snapshot),
            *CDX,
            *AVAILABILITY,
            *WARCS,
            PrefixMount(API, make_api(site)),
            Route("/health", _health),
            *ROBOTS,
            *SAVE,
            *PAGES,
            *LOGIN,
            *METRICS,
        ],
        lifespan=lifespan,
        exception_handlers=dict(HANDLERS),
    )
    app.state.site = site
    return guarded(ByOrigin(app, make_replay(site), site), site)


async def _health(_: Request) -> Response:
    """Never waits for a database or a store: it says that the server is there."""
    return JSONResponse({"status": "ok"})
