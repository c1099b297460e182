"""Routes of the hot paths: HEAD is answered as GET, but for the body."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archive.web.routes import ExactRoute
from tests.archive.web.serving import running


def test_head_makes_no_body() -> None:
    begun = []

    async def pieces() -> AsyncIterator[bytes]:
        begun.append("long")
        yield b"x"

    async def long(_: Request) -> Response:
        return StreamingResponse(pieces(), 206, {"X-Own": "1"})

    async def short(_: Request) -> Response:
        return Response(b"12345", 203)

    app = Starlette(routes=[ExactRoute(("/long",), long), ExactRoute(("/short",), short)])
    with running(app) as url:
        head = httpx.head(f"{url}/long")
        assert (head.status_code, head.headers["x-own"], begun) == (206, "1", [])
        assert httpx.get(f"{url}/long").content == b"x"
        head = httpx.head(f"{url}/short")
        assert (head.status_code, head.headers["content-length"]) == (203, "5")
