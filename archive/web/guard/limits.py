"""How much one request may be, and how many are answered at once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.web.refusals import Refusal, refuse
from archive.web.site import WebSettings

URL_BYTES = 60_000
"""Path and query together. httptools counts in 16 bits: it refuses longer ones as malformed."""

_OPEN_BODY = 16 << 10
"""Bytes of a body that somebody without any authority may send: the form to sign in."""

_CLOSE = {"Connection": "close"}


class Limits:
    """Pure ASGI. A handler finds the whole body there already, so that who sends slowly takes no
    place from others."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._body_limit = settings.body_limit
        self._concurrency = settings.concurrency
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0."""
        if scope["type"] != "http" or scope["path"] == "/health":
            await self._app(scope, receive, send)
            return
        size = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        if size > URL_BYTES:
            detail = f"an address of {size} bytes is too long: {URL_BYTES} are allowed"
            await _refuse(scope, receive, send, Refusal(status=414, detail=detail))
            return
        length = _length(scope)
        if length:
            limit = self._body_limit
            if not scope["authority"].scopes - {"read"}:
                limit = min(limit, _OPEN_BODY)
            body = await _body(receive, limit) if length <= limit else b""
            if body is None:
                return  # the client is gone
            if length > limit or len(body) > limit:
                detail = f"a body of more than {limit} bytes is too long; see `serve.body_limit`"
                await _refuse(scope, receive, send, Refusal(status=413, detail=detail))
                return
            receive = _received(body, receive)
        if self._running >= self._concurrency:
            detail = "the server is busy: try again in a moment"
            await _refuse(scope, receive, send, Refusal(status=503, detail=detail))
            return
        self._running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1


def _length(scope: Scope) -> int:
    """Bytes of the body as they are announced; 1 where nobody knows."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            return 1
    return 0


async def _body(receive: Receive, limit: int) -> bytes | None:
    """The body, or a little more than `limit` of it; None: the client has gone."""
    pieces, size, more = [], 0, True
    while more and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        more = message.get("more_body", False)
    return b"".join(pieces)


def _received(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    # What is still on its way would be taken for the next request.
    headers = _CLOSE if refusal.status == 413 else None
    await refuse(Request(scope), refusal, headers)(scope, receive, send)
