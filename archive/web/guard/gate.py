"""The gate: nobody gets to a handler without the scope that the path needs.

On loopback reading and saving are open; elsewhere reading is if `public_read`, and the rest needs a
token. What comes through has its Authority in `scope["authority"]`.
"""

from __future__ import annotations

import logging
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.errors import ArchiveError
from archive.tokens import Token
from archive.web.authority import NOBODY, Authority
from archive.web.grants import ENTRANCE, SECONDS
from archive.web.guard.credentials import (
    REPLAY_COOKIE,
    SECURE_SESSION_COOKIE,
    SESSION_COOKIE,
    cookie,
    of_header,
)
from archive.web.guard.login import login_page
from archive.web.guard.origins import Hosts, is_from_elsewhere
from archive.web.guard.paths import changes, needed, path_of
from archive.web.refusals import Refusal, for_people, refusal_of, refuse
from archive.web.site import Site

logger = logging.getLogger(__name__)

_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})
_READ = frozenset({"read"})

Headers = dict[bytes, bytes]
"""Of a request, the first of each name."""


class Gate:
    """Pure ASGI, around the application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site
        settings = site.settings
        self._origins = settings.origins
        self._hosts = Hosts(
            local=settings.local,
            names=(*settings.hosts, *filter(None, (settings.replay_host,))),
            public_url=settings.public_url,
        )
        self._public = Authority(scopes=_READ) if settings.public_read else NOBODY
        self._local = Authority(scopes=_READ | {"save"}) if settings.local else self._public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            refused = await self._refusal(scope)
        except ArchiveError as error:
            refused = refuse(Request(scope), refusal_of(error))
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await refused(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        """An answer instead of the handler's; None: it may be asked. Raises StateFailure."""
        path, method = path_of(scope["path"]), scope["method"]
        if path.route == "/health" and not changes(path, method):
            scope["authority"] = NOBODY  # to look up whose it is might have to wait
            return None
        # The first of each name counts, as everywhere else here.
        headers: Headers = dict(reversed(scope["headers"]))
        host = headers.get(b"host", b"").decode("latin-1")
        if host and not self._hosts.known(host):
            return _misdirected(host)
        replay = self._origins.is_replay(host, scope.get("server"))
        if replay and scope["path"].startswith(ENTRANCE):
            return await self._enter(scope)
        # What a proxy passes on comes from anywhere, though its connection is from here.
        local = self._site.settings.local and headers.keys().isdisjoint(_FORWARDED)
        if self._site.settings.local and not local:
            _tell_of_proxy()
        authority = self._local if local else self._public
        if b"authorization" in headers or b"cookie" in headers:
            held = await self._held(scope, headers, replay=replay)
            if isinstance(held, Response):
                return held
            authority = _joined(authority, held)
        if replay:
            authority = Authority(scopes=authority.scopes & _READ, token=authority.token)
        if changes(path, method):
            refused = self._from_elsewhere(scope, headers, authority, host)
            if refused is not None:
                return refused
        scope["authority"] = authority
        scope_needed = needed(path, method, local=local)
        if scope_needed is None or scope_needed in authority.scopes:
            return None
        return _lacking(scope, authority, scope_needed)

    async def _held(self, scope: Scope, headers: Headers, *, replay: bool) -> Authority | Response:
        """What the request's own credentials give."""
        register = self._site.tokens
        header = headers.get(b"authorization")
        if header is not None:
            shown = of_header(header)
            if shown.secret is not None:
                token = await register.by_secret(shown.secret) if register else None
                if token is None:
                    return _unknown_token(scope)
                return _authority(token, by_cookie=shown.ambient)
        sent = headers.get(b"cookie")
        if sent is None or register is None:
            return NOBODY
        name = SECURE_SESSION_COOKIE if self._site.secure(scope) else SESSION_COOKIE
        # Cookies ignore ports: at the replay origin a session counts for nothing.
        token_id = (
            self._site.grants.read("replay", cookie(sent, REPLAY_COOKIE) or "")
            if replay
            else self._site.grants.read("session", cookie(sent, name) or "")
        )
        if token_id is None:
            return NOBODY
        token = await register.by_id(token_id)
        return NOBODY if token is None else _authority(token, by_cookie=True)

    async def _enter(self, scope: Scope) -> Response:
        """At the replay origin: a ticket becomes a cookie of its own."""
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        ticket, slash, rest = raw[len(ENTRANCE) :].partition(b"/")
        token_id = self._site.grants.read("ticket", ticket.decode("latin-1"))
        # Two slashes would name another host.
        if token_id is None or not slash or rest[:1] in (b"/", b"\\"):
            detail = "this way to the page is no longer open: go back and open the page once more"
            return refuse(Request(scope), Refusal(status=403, detail=detail))
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        response = Response(
            b"", 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        )
        response.raw_headers.append((b"location", b"/" + rest + query))
        response.set_cookie(
            REPLAY_COOKIE,
            self._site.grants.issue("replay", token_id),
            max_age=SECONDS["replay"],
            httponly=True,
            samesite="lax",
            secure=self._site.secure(scope),
        )
        return response

    def _from_elsewhere(
        self, scope: Scope, headers: Headers, authority: Authority, host: str
    ) -> Response | None:
        """Refuse what another site's page made the browser send."""
        if authority.token is not None and not authority.by_cookie:
            return None  # a browser adds no token by itself
        own = (f"{scope['scheme']}://{host.lower()}", self._site.settings.public_url or "")
        fetch_site = headers.get(b"sec-fetch-site")
        foreign = is_from_elsewhere(fetch_site=fetch_site, origin=headers.get(b"origin"), own=own)
        # Over plain http to another machine browsers do not say where a link was followed.
        blind = (
            authority.by_cookie
            and b"authorization" not in headers
            and fetch_site is None
            and scope["method"] in ("GET", "HEAD")
        )
        if not foreign and not blind:
            return None
        detail = (
            "another site may not make this server do something: begin from its own pages, or send "
            "a token in the Authorization header"
        )
        return refuse(Request(scope), Refusal(status=403, detail=detail))


@cache
def _tell_of_proxy() -> None:
    """Once in a process."""
    logger.warning(
        "requests come by way of a proxy, so they are not taken for those of this machine: set "
        "`serve.public_url`, and `serve.proxies` to the address of the proxy"
    )


def _authority(token: Token, *, by_cookie: bool) -> Authority:
    return Authority(
        scopes=frozenset(token.scopes), token=token.name, token_id=token.id, by_cookie=by_cookie
    )


def _joined(public: Authority, held: Authority) -> Authority:
    if held.token is None:
        return public
    return Authority(
        scopes=public.scopes | held.scopes,
        token=held.token,
        token_id=held.token_id,
        by_cookie=held.by_cookie,
    )


def _misdirected(host: str) -> Response:
    """Plain text always: nothing that was made from this name is shown."""
    detail = f"this server does not answer to {host[:100]!r}: add the name to `serve.hosts`\n"
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(detail.encode("ascii", "backslashreplace"), 400, headers)


def _unknown_token(scope: Scope) -> Response:
    detail = "this token is not known, or its time is over: ask for another one"
    challenge = {"WWW-Authenticate": 'Bearer realm="pressmark", error="invalid_token"'}
    return refuse(Request(scope), Refusal(status=401, detail=detail), challenge)


def _lacking(scope: Scope, authority: Authority, needs: str) -> Response:
    """401 to those who showed nothing, 403 to those whose token is for less (RFC 6750, 3.1)."""
    request = Request(scope)
    if authority.token is not None:
        detail = f"the token {authority.token} is not for this: it takes one with the scope {needs}"
        challenge = f'Bearer realm="pressmark", error="insufficient_scope", scope="{needs}"'
        return refuse(request, Refusal(status=403, detail=detail), {"WWW-Authenticate": challenge})
    challenges = {"WWW-Authenticate": f'Bearer realm="pressmark", scope="{needs}"'}
    detail = (
        f"this needs a token with the scope {needs}: send it as `Authorization: Bearer <token>`"
    )
    if scope["method"] in ("GET", "HEAD") and for_people(request):
        return login_page(request, status=401, headers=challenges)
    return refuse(request, Refusal(status=401, detail=detail), challenges)
