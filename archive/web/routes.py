"""Routes of the hot paths: by the path or its beginning, with no pattern to match."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]

_READING = ("GET", "HEAD")


class _HotRoute(BaseRoute):
    """Answers with one handler, without asking what else of the path there is."""

    def __init__(self, handler: Handler, methods: tuple[str, ...]) -> None:
        self._handler = handler
        self._methods = methods

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in self._methods:
            raise HTTPException(405, headers={"Allow": ", ".join(self._methods)})
        response = await self._handler(Request(scope, receive))
        if scope["method"] == "HEAD":
            response = _head_of(response)
        await response(scope, receive, send)

    def _match(self, scope: Scope) -> tuple[Match, Scope]:
        """Of a path that is its own."""
        return (Match.FULL if scope["method"] in self._methods else Match.PARTIAL), {}


def _head_of(response: Response) -> Response:
    """The same without its body, which may be long and is not made."""
    head = Response(status_code=response.status_code)
    head.raw_headers = response.raw_headers
    return head


class ExactRoute(_HotRoute):
    """One of some paths."""

    def __init__(self, paths: Iterable[str], handler: Handler) -> None:
        super().__init__(handler, _READING)
        self._paths = frozenset(paths)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"] in self._paths:
            return self._match(scope)
        return Match.NONE, {}


class PrefixRoute(_HotRoute):
    """Everything whose path begins so. Starlette's own patterns see the decoded path, in which a
    line feed or a slash is no longer what it was."""

    def __init__(
        self, prefix: str, handler: Handler, *, methods: tuple[str, ...] = _READING
    ) -> None:
        super().__init__(handler, methods)
        self._prefix = prefix

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and scope["path"].startswith(self._prefix):
            return self._match(scope)
        return Match.NONE, {}


class PrefixMount(BaseRoute):
    """An application under a prefix, whatever bytes follow; it answers HEAD as GET."""

    def __init__(self, prefix: str, app: ASGIApp) -> None:
        self._prefix = prefix
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        if scope["type"] != "http" or not f"{path}/".startswith(f"{self._prefix}/"):
            return Match.NONE, {}
        root = scope.get("root_path", "") + self._prefix
        return Match.FULL, {"root_path": root, "path": path if path != root else f"{path}/"}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server drops the body, and looks at the method in the scope that it made.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._app({**scope, "method": method}, receive, send)
