"""The application that is mounted at `/api/v1`, and the routers that it is made of."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from archive.web.api.captures import router as captures
from archive.web.api.description import DescribedAPI
from archive.web.api.documents import router as documents
from archive.web.api.jobs import router as jobs
from archive.web.api.models import API
from archive.web.api.negotiation import negotiate
from archive.web.api.problems import GENERAL
from archive.web.api.restrictions import router as restrictions
from archive.web.api.root import router as root
from archive.web.api.search import router as search
from archive.web.api.sources import router as sources
from archive.web.api.versions import router as versions
from archive.web.refusals import HANDLERS
from archive.web.site import Site

ROUTERS: tuple[APIRouter, ...] = (
    root,
    captures,
    documents,
    search,
    versions,
    sources,
    jobs,
    restrictions,
)
"""Paths are written without the prefix. Handlers find the site by `site_of(request.scope)` and do
what may wait in one `site.call`, or `site.read` where it reads the store; what they raise of
`ArchiveError` becomes a problem."""


def make_api(site: Site) -> FastAPI:
    """The API of a site. Errors of every kind are problems (RFC 9457)."""
    api = DescribedAPI(
        API,
        openapi_url=None,  # a route of ours serves it, described like the rest
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(negotiate)],
        responses=GENERAL,
        exception_handlers=dict(HANDLERS),
    )
    api.state.site = site
    for router in ROUTERS:
        api.include_router(router)
    return api
