"""Signing in: a browser shows a token once and keeps a signed cookie instead of it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from archive.web.authority import authority_of
from archive.web.grants import SECONDS
from archive.web.guard.credentials import SECURE_SESSION_COOKIE, SESSION_COOKIE
from archive.web.pages.rendering import render
from archive.web.site import site_of
from archive.web.targets import raw_target

_PATH = "/login"


def login_page(
    request: Request,
    *,
    status: int = 200,
    problem: str | None = None,
    onward: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The form. `onward`: path to go to afterwards; None: the one that was asked for."""
    asked = onward or _local(raw_target(request.scope, ""))
    context = {
        "problem": problem,
        "direct": request.url.path == _PATH and asked in ("/", _PATH),
        "onward": "/" if asked.partition("?")[0] == _PATH else asked,
        "token": authority_of(request.scope).token,
        "scopes": sorted(authority_of(request.scope).scopes),
    }
    more = {"Cache-Control": "no-store", **(headers or {})}
    return render(request, "login.html", context, status=status, headers=more)


async def _show(request: Request) -> Response:
    return login_page(request, onward=_local(request.query_params.get("next", "/")))


async def _login(request: Request) -> Response:
    site = site_of(request.scope)
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    onward = _local(form.get("next", ["/"])[0])
    secret = form.get("token", [""])[0].strip()
    token = await site.tokens.by_secret(secret) if site.tokens else None
    if token is None:
        problem = "This token is not known, or its time is over."
        return login_page(request, status=403, problem=problem, onward=onward)
    response = RedirectResponse(onward, 303, {"Cache-Control": "no-store"})
    secure = site.secure(request.scope)
    # No Domain: the cookie is this host's alone, and never sent to the origin of archived pages.
    response.set_cookie(
        SECURE_SESSION_COOKIE if secure else SESSION_COOKIE,
        site.grants.issue("session", token.id),
        max_age=SECONDS["session"],
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    return response


async def _logout(request: Request) -> Response:
    secure = site_of(request.scope).secure(request.scope)
    response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    name = SECURE_SESSION_COOKIE if secure else SESSION_COOKIE
    response.delete_cookie(name, httponly=True, samesite="lax", secure=secure)
    return response


def _local(path: str) -> str:
    """The same path, where it stays on this host: `//x` and `/\\x` do not."""
    printable = all(" " < character < "\x7f" for character in path)
    return path if printable and path[:1] == "/" and path[1:2] not in ("/", "\\") else "/"


ROUTES = [
    Route(_PATH, _show, methods=["GET"]),
    Route(_PATH, _login, methods=["POST"]),
    Route("/logout", _logout, methods=["POST"]),
]
