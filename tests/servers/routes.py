"""A small site made of prepared answers, which remembers what it was asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tests.servers.wire import Wire, WireServer, reply

Answer = bytes | Callable[[Wire], Awaitable[None]]
"""Bytes to send, or a script that answers this one request and may close the connection."""


class Routes:
    """`{path: answer}`; other paths get a 404, robots.txt allows everything. For WireServer."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = {"/robots.txt": reply(b"User-agent: *\nAllow: /\n"), **answers}
        self.asked: list[str] = []  #: paths in the order of requests
        self.requests: list[bytes] = []  #: requests, head and body

    async def __call__(self, wire: Wire) -> None:
        """Serve one connection."""
        while request := await wire.request():
            path = request.split(b" ", 2)[1].decode("latin-1")
            self.asked.append(path)
            self.requests.append(request)
            answer = self._answers.get(path, reply(b"not here", status=b"404 Not Found"))
            if isinstance(answer, bytes):
                await wire.send(answer)
            else:
                await answer(wire)


def site(answers: Mapping[str, Answer]) -> tuple[Routes, WireServer]:
    """The routes and a server of them, not yet started."""
    routes = Routes(answers)
    return routes, WireServer(routes)


def html(text: str, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A page of UTF-8."""
    return reply(text.encode(), b"Content-Type: text/html; charset=utf-8", *fields, status=status)
