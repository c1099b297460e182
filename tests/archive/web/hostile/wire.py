"""A client that sends what it is told, byte for byte: others repair or refuse it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Wire:
    """One connection to a server on this machine, opened again when the server ends it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(
        self, method: str, target: bytes, headers: Mapping[str, bytes], body: bytes = b""
    ) -> Answer:
        """One request. It is repeated only where the server had ended an idle connection before."""
        lines = [f"{method} ".encode() + target + b" HTTP/1.1"]
        every = {"Host": f"127.0.0.1:{self._port}".encode(), **headers}
        if body:
            every["Content-Length"] = b"%d" % len(body)
        lines += [name.encode() + b": " + value for name, value in every.items()]
        message = b"\r\n".join([*lines, b"", b""]) + body
        used = self._socket is not None
        try:
            response = self._ask(method, message)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            self.close()
            if not used:
                raise
            response = self._ask(method, message)
        answer = Answer(status=response.status, headers=response.headers, body=response.read())
        if response.will_close:
            self.close()
        return answer

    def _ask(self, method: str, message: bytes) -> http.client.HTTPResponse:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), SECONDS)
        # The server may refuse before it has read all.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(message)
        response = http.client.HTTPResponse(self._socket, method=method)
        response.begin()
        return response

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
