"""Clients that take their time: how long they are waited for. Each test shortens its own time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.types import Receive, Scope, Send

from archive.web.guard import patience
from tests.archive.web.serving import running
from tests.waiting import until

BODY = 4 << 20
_TCP_CLOSE = 7  # of Linux, in tcp_info


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads what comes, and answers with 4 MiB."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    size = b"%d" % BODY
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]}
    )
    for start in range(0, BODY, 1 << 16):
        last = start + (1 << 16) == BODY
        await send({"type": "http.response.body", "body": b"x" * (1 << 16), "more_body": not last})


SHORT = 0.5


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long that no other time ends first on a busy machine."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "_LOOK_SECONDS"):
        monkeypatch.setattr(patience, name, 60)


@contextmanager
def connected(sent: bytes, **options: int) -> Iterator[socket.socket]:
    """A connection to a server, on which something was sent already."""
    with running(app) as url, socket.socket() as connection:
        for name, value in options.items():
            connection.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        host, port = url.removeprefix("http://").split(":")
        connection.settimeout(60)
        connection.connect((host, int(port)))
        connection.sendall(sent)
        yield connection


def whole_answer(connection: socket.socket) -> None:
    """Read an answer of the application, to its end and no further."""
    received = bytearray()
    while len(received.partition(b"\r\n\r\n")[2]) < BODY:
        piece = connection.recv(1 << 16)
        assert piece, "the server ended the connection"
        received += piece


def everything(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    received = bytearray()
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionResetError:
        pass  # that is one way to end it
    return bytes(received)


@pytest.mark.parametrize("sent", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\nX: y"])
def test_head_that_does_not_end(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", SHORT)
    with connected(sent) as connection:
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_second_head_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(whole) as connection:
        whole_answer(connection)
        monkeypatch.setattr(patience, "HEAD_SECONDS", SHORT)
        connection.sendall(whole[:-2])
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_body_that_does_not_end(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BODY_SECONDS", SHORT)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    with connected(head + body) as connection:
        assert everything(connection) == b""


def test_answer_that_nobody_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 4 MiB so much arrives as the system keeps for both sides, then it is given up."""
    monkeypatch.setattr(patience, "_LOOK_SECONDS", SHORT)
    with connected(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", SO_RCVBUF=4096) as connection:
        until(lambda: is_reset(connection))
        with pytest.raises(ConnectionResetError):
            connection.send(b"GET")


def is_reset(connection: socket.socket) -> bool:
    """Whether the other side has given the connection up; nothing is read for that."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return state[0] == _TCP_CLOSE


def test_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "most_connections", lambda: 1)
    whole = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connected(b"") as first:
        with socket.create_connection(first.getpeername(), timeout=60) as second:
            assert everything(second) == b""
        first.sendall(whole)
        assert everything(first).startswith(b"HTTP/1.1 200 ")
