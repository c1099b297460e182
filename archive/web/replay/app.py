"""The application of the replay's origin. It has nothing that needs more than the right to read."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.errors import ArchiveError, UrlError
from archive.web.refusals import refusal_of
from archive.web.replay.answers import answer
from archive.web.robots import ROUTES as ROBOTS
from archive.web.routes import PrefixRoute
from archive.web.site import Site, site_of
from archive.web.targets import raw_target, repaired

VIEW, RAW = "/view/", "/raw/"
_INSIDE = ("/r/", "/x/")

_STATIC = {
    "/sw.js": ("worker.js", "text/javascript; charset=utf-8"),
    "/wrapper.js": ("wrapper.js", "text/javascript; charset=utf-8"),
    "/wrapper.css": ("wrapper.css", "text/css; charset=utf-8"),
}
_STAMPED = re.compile(r"(\d{14})/(.+)", re.DOTALL)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_WRAPPER = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>Archived page</title>
<link rel="stylesheet" href="/wrapper.css">
<body data-main="{main}">
<iframe id="page" title="Archived page" sandbox="allow-same-origin"></iframe>
<p id="problem" hidden></p>
<noscript><p>Archived pages are shown with the help of a script of the archive.</p></noscript>
<script src="/wrapper.js"></script>
"""
_WRAPPER_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors {main}"
)


def make_replay(site: Site) -> ASGIApp:
    """An ASGI application (ASGI 3.0) for the replay's origin, over the same site."""
    routes: list[BaseRoute] = [PrefixRoute(RAW, _raw), PrefixRoute(VIEW, _view)]
    routes += [PrefixRoute(prefix, _inside) for prefix in _INSIDE]
    routes += [Route(path, _static) for path in _STATIC]
    routes += [Route("/health", _health), *ROBOTS, PrefixRoute("/", _nothing)]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    app.state.site = site
    return app


class ByOrigin:
    """Pure ASGI: which of the two origins is asked decides which application answers."""

    def __init__(self, main: ASGIApp, replay: ASGIApp, site: Site) -> None:
        self._main = main
        self._replay = replay
        self._origins = site.settings.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0. The life of the server is the main application's affair."""
        if scope["type"] == "http":
            host = _host_of(scope)
            if self._origins.is_replay(host, scope.get("server")):
                await self._replay(scope, receive, send)
                return
        await self._main(scope, receive, send)


async def _static(request: Request) -> Response:
    name, media_type = _STATIC[request.url.path]
    # no-cache, so that a new version of Pressmark takes over at once.
    headers = {**_HEADERS, "Content-Type": media_type, "Cache-Control": "no-cache"}
    if name == "worker.js":
        # Its own policy is the worker's: it may talk to this server alone.
        headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return Response(_file(name), 200, headers)


@cache
def _file(name: str) -> bytes:
    return (files("archive.web.replay") / "static" / name).read_bytes()


async def _view(request: Request) -> Response:
    """The page around an archived page; whoever comes by himself goes to where the banner is."""
    main = main_of(request.scope)
    if main is None:
        return _page(500, "It is not set what frames this: `serve.public_url` is missing.")
    try:
        at, url = stamped(raw_target(request.scope, VIEW))
    except UrlError as error:
        return _page(400, str(error))
    if request.headers.get("sec-fetch-dest") == "document":
        return RedirectResponse(f"{main}/web/{at}/{url}", 302, _HEADERS)
    headers = {
        **_HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _WRAPPER_POLICY.format(main=main),
    }
    return Response(_WRAPPER.format(main=html.escape(main)), 200, headers)


async def _raw(request: Request) -> Response:
    if "service-worker" in request.headers:
        return _page(403, "No archived script becomes a worker here.")
    site = site_of(request.scope)
    main = main_of(request.scope)
    upgrade = site.base_url(request.scope).startswith("https:")
    try:
        at, url = stamped(raw_target(request.scope, RAW))
        return await site.read(
            lambda: answer(site.view.settled(), url, at, main=main, upgrade=upgrade, call=site.call)
        )
    except ArchiveError as error:
        refusal = refusal_of(error)
        headers = {**_HEADERS, "Content-Type": "text/plain; charset=utf-8"}
        return Response(refusal.detail, refusal.status, headers)


async def _inside(request: Request) -> Response:
    """What only the worker answers. Without it nothing is shown, so that nothing gets out."""
    rest = raw_target(request.scope, request.scope["path"][:3])
    main = main_of(request.scope) or ""
    where = f" Its place is {main}/web/{rest}" if _STAMPED.fullmatch(rest) else ""
    return _page(404, f"Archived pages are shown within the archive alone.{where}")


async def _nothing(request: Request) -> Response:
    main = main_of(request.scope)
    if request.headers.get("sec-fetch-dest") == "document" and main is not None:
        return RedirectResponse(f"{main}/", 302, _HEADERS)
    return _page(404, "There is nothing at this address.")


async def _health(_: Request) -> Response:
    return Response('{"status": "ok"}', 200, {"Content-Type": "application/json"})


def stamped(text: str) -> tuple[str, str]:
    """The 14 digits and the URL of `<ts>/<url>`. Raises UrlError."""
    match = _STAMPED.fullmatch(text)
    if match is None:
        raise UrlError("the address has no time of 14 digits and no URL")
    return match[1], repaired(match[2])


def main_of(scope: Scope) -> str | None:
    """The main origin beside the one that was asked."""
    return site_of(scope).settings.origins.main_of(f"{scope['scheme']}://{_host_of(scope)}")


def _host_of(scope: Scope) -> str:
    host: bytes = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return host.decode("latin-1")


async def _refuse_archive_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ArchiveError)
    refusal = refusal_of(error)
    return _page(refusal.status, refusal.detail)


async def _refuse_method(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _page(error.status_code, f"This address does not answer {request.method[:40]}.")
    response.headers.update(error.headers or {})
    return response


async def _refuse_defect(_: Request, __: Exception) -> Response:
    # It is raised again when this is sent, and logged by the server.
    return _page(500, "The server has a defect: see its log.")


# Pages of the main origin, which its own refusals are, belong there.
_HANDLERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    ArchiveError: _refuse_archive_error,
    405: _refuse_method,
    Exception: _refuse_defect,
}


def _page(status: int, detail: str) -> Response:
    headers = {
        **_HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'",
    }
    page = f"<!doctype html><title>Pressmark</title><p>{html.escape(detail)}</p>"
    return Response(page, status, headers)
