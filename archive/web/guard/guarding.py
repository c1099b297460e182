"""The application with all that stands before it, in its order."""

from __future__ import annotations

from starlette.types import ASGIApp

from archive.web.guard.gate import Gate
from archive.web.site import Site


def guarded(app: ASGIApp, site: Site) -> ASGIApp:
    """The application, to be reached by those alone who may."""
    return Gate(app, site)
