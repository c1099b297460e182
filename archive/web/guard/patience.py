"""The HTTP protocol of uvicorn, with an end to its patience.

A client that sends its request byte by byte, or reads the answer so, holds a connection, memory and
a place for as long as it likes; uvicorn limits only the time between two requests.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import struct
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_SECONDS = 10.0
"""For request line and headers, from the connection or their first byte on."""

BODY_SECONDS = 60.0
"""For the whole body."""

HEAD_BYTES = 128 << 10
"""Request line and headers together."""

_LOOK_SECONDS = 10.0
_LEAST_SPEED = 1 << 10  # bytes in a second that a client must take while an answer waits for it
_LONGEST_WAIT = 1800.0  # seconds for all that waits: a large body lies in memory meanwhile
_LEAST_CONNECTIONS = 64
_NO_LINGER = struct.pack("ii", 1, 0)


def most_connections() -> int:
    """How many may be open at once: files and databases need descriptors too."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(_LEAST_CONNECTIONS, soft * 3 // 4) if soft > 0 else 1 << 16


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._receiving = False  # a request has begun and is not whole
        self._headed = False  # its head is
        self._in_body = False  # and its body is waited for
        self._head_bytes = 0
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._unwritten = 0
        self._least = 0.0  # bytes until the next look

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """See asyncio.Protocol."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        self._reading = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        super().connection_lost(exc)
        self._stop_reading()
        self._stop_writing()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if not self._receiving:
            self._stop_reading()
        elif self._headed:
            if not self._in_body:
                self._in_body = True
                self._stop_reading()
                self._reading = self.loop.call_later(BODY_SECONDS, self._give_up)
        else:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._refuse(b"431 Request Header Fields Too Large")
            elif self._reading is None:
                self._reading = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def on_message_begin(self) -> None:
        """See httptools."""
        super().on_message_begin()
        self._receiving, self._headed, self._in_body = True, False, False
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._headed = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """See httptools."""
        self._receiving = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """See uvicorn."""
        super().on_response_complete()
        # What is left in the buffer keeps the connection, also one that is closing.
        if self.transport.get_write_buffer_size():
            self._watch_writing()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        super().resume_writing()
        self._stop_writing()

    def _watch_writing(self) -> None:
        if self._writing is None:
            size = self.transport.get_write_buffer_size()
            self._least = max(_LEAST_SPEED, size / _LONGEST_WAIT) * _LOOK_SECONDS
            self._look_later(size)

    def _look_later(self, unwritten: int) -> None:
        self._unwritten = unwritten
        self._writing = self.loop.call_later(_LOOK_SECONDS, self._look_at_writing)

    def _look_at_writing(self) -> None:
        self._writing = None
        left = self.transport.get_write_buffer_size()
        if not left:
            return
        if self._unwritten - left < self._least:
            # Without that the system would go on offering what it holds for the client.
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )
            self.transport.abort()
        else:
            self._look_later(left)

    def _stop_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _give_up(self) -> None:
        self._reading = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:  # it is we who do not read
            self._reading = self.loop.call_later(BODY_SECONDS, self._give_up)
        elif self._in_body:
            self.transport.abort()
        else:
            self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        self._stop_reading()
        self.transport.write(
            b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        self.transport.close()
