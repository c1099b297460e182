"""A raw-socket server for the manners that a well-behaved server library would not allow."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Self

Script = Callable[["Wire"], Awaitable[None]]
"""What the server does with one connection."""


class Wire:
    """One connection, as the server sees it."""

    def __init__(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.number = number  #: of the connection, from 1
        self.reader = reader
        self.writer = writer
        self.received = bytearray()  #: of requests
        self.sent = bytearray()

    async def request(self) -> bytes:
        """The next request, head and body; b"" when the client has closed."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        body = b""
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                body = await self.reader.readexactly(int(line.partition(b":")[2]))
        self.received += head + body
        return head + body

    async def send(self, data: bytes, *, step: int = 0, pause: float = 0.0) -> None:
        """Send at once, or `step` bytes at a time with `pause` seconds in between."""
        size = step or len(data) or 1
        for piece in (data[at : at + size] for at in range(0, len(data), size)):
            self.sent += piece
            self.writer.write(piece)
            await self.writer.drain()
            if step:
                await asyncio.sleep(pause)

    def reset(self) -> None:
        """Close with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


async def close(writer: asyncio.StreamWriter) -> None:
    """Close, and wait until the transport is gone."""
    writer.close()
    with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
        await writer.wait_closed()


class WireServer:
    """Runs a script for each connection, in a thread, on a free port; a context manager."""

    def __init__(
        self, script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self._script = script
        self._host = host
        self._tls = tls
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.wires: list[Wire] = []  #: every connection, also those that are closed
        self.port = 0

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        wire = Wire(len(self.wires) + 1, reader, writer)
        self.wires.append(wire)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                await self._script(wire)
        except asyncio.CancelledError:
            wire.writer.transport.abort()  # the test is over
        await close(writer)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def reply(body: bytes = b"hello", *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """A response with a Content-Length."""
    lines = [b"HTTP/1.1 " + status, *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def answering(data: bytes, *, step: int = 0, pause: float = 0.0) -> Script:
    """Gives the same answer to every request, and keeps the connection."""

    async def script(wire: Wire) -> None:
        while await wire.request():
            await wire.send(data, step=step, pause=pause)

    return script


def closing(data: bytes) -> Script:
    """Gives one answer and closes."""

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(data)

    return script


async def tunnel(wire: Wire) -> None:
    """An HTTP proxy that knows CONNECT alone (RFC 9110, 9.3.6)."""
    request = await wire.request()
    host, _, port = request.split(b" ")[1].rpartition(b":")
    reader, writer = await asyncio.open_connection(host.strip(b"[]").decode(), int(port))
    await wire.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
    try:
        await asyncio.gather(_pass(wire.reader, writer), _pass(reader, wire.writer))
    finally:
        await close(writer)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()
