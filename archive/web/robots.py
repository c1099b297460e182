"""`/robots.txt`: what is archived is not to be found by search engines under our name."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from archive.web.routes import ExactRoute

_NOTHING = "User-agent: *\nDisallow: /\n"


async def robots(_: Request) -> Response:
    """RFC 9309: nothing here is for crawlers."""
    return PlainTextResponse(_NOTHING)


ROUTES = (ExactRoute(("/robots.txt",), robots),)
