"""A proxy before a real HTTP server that breaks chosen exchanges, and counts all of them.

    with FaultProxy("http://127.0.0.1:9000") as proxy:
        proxy.fault(Answer(503), method="PUT", times=2)
        ...                                     # a client of proxy.url
        assert proxy.count("PUT") == 3

Plain HTTP/1.1 on both sides. Each request is read whole, and so is each answer, before it goes on.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Self
from urllib.parse import urlsplit

_ETAG = re.compile(rb"(?i)(^etag:[ \t]*\"?|<ETag>(?:&quot;|\")?)([0-9a-f]{32})", re.MULTILINE)
_TURNED = bytes.maketrans(b"0123456789abcdef", b"123456789abcdef0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or a response as it crossed the wire."""

    start: str  #: request line or status line
    head: bytes  #: with the start line and the blank line
    body: bytes  #: as sent, chunk sizes included

    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def target(self) -> str:
        """Path and query of a request."""
        return self.start.split(" ")[1]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])

    def header(self, name: str) -> str:
        """Its first value, "" when it is absent."""
        found = re.search(rb"(?im)^" + re.escape(name.encode()) + rb":[ \t]*(.*?)\r?$", self.head)
        return found[1].decode("latin-1") if found else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The proxy answers itself; the server hears nothing."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResetBefore:
    """The connection is reset, and the server hears nothing."""


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """The server does what it was asked, and its answer is lost in a reset."""


@dataclass(frozen=True, slots=True)
class CutBody:
    """The answer ends, with its connection, after some bytes of its body."""

    after: int


@dataclass(frozen=True, slots=True)
class Tamper:
    """One byte of the answer's body is another one."""

    at: int = 0


@dataclass(frozen=True, slots=True)
class WrongEtag:
    """The answer names another ETag than the server's; one without any is left alone."""


@dataclass(frozen=True, slots=True)
class Stall:
    """The server does what it was asked, and its answer comes too late."""

    seconds: float


Fault = Answer | ResetBefore | ResetAfter | CutBody | Tamper | WrongEtag | Stall


@dataclass(slots=True)
class _Rule:
    fault: Fault
    matches: Callable[[Message], bool]
    times: int


class FaultProxy:
    """Context manager; listens on a free port of 127.0.0.1. `down` and `up` take it off and on."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        assert parts.hostname
        self._upstream = (parts.hostname, parts.port or 80)
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._port = 0
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._choice: Callable[[Message], Fault | None] = lambda _request: None
        self.requests: list[Message] = []  #: in the order of their arrival
        self.answers: list[tuple[Message, Message]] = []  #: what the server itself answered to what
        self.connections = 0  #: accepted so far
        self.broken = 0  #: requests that were given a fault

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def fault(self, fault: Fault, *, method: str = "", target: str = "", times: int = 1) -> None:
        """Break the next `times` requests of that method whose target matches the expression."""

        def matches(request: Message) -> bool:
            return method in ("", request.method) and bool(re.search(target, request.target))

        with self._lock:
            self._rules.append(_Rule(fault, matches, times))

    def schedule(self, choice: Callable[[Message], Fault | None]) -> None:
        """Break the requests that `choice` has a fault for, and that no `fault` was asked for.

        It is asked in the order of the requests' arrival, by one thread at a time.
        """
        with self._lock:
            self._choice = choice

    def count(self, method: str = "", target: str = "") -> int:
        """Requests so far of that method whose target matches the expression."""
        with self._lock:
            return sum(
                method in ("", request.method) and bool(re.search(target, request.target))
                for request in self.requests
            )

    def forget(self) -> None:
        """Start counting again, without faults."""
        with self._lock:
            self.requests.clear()
            self.answers.clear()
            self._rules.clear()
            self._choice = lambda _request: None
            self.connections = 0
            self.broken = 0

    def up(self) -> None:
        """Listen, on the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(128)
        self._port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def down(self) -> None:
        """Refuse connections and reset those that are open."""
        if self._listener is not None:
            # Closing alone does not wake the thread that accepts.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            sockets = list(self._sockets)
        for open_socket in sockets:
            _reset(open_socket)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        for thread in self._threads:
            thread.join(timeout=10)

    def _start(self, work: Callable[[socket.socket], None], connection: socket.socket) -> None:
        thread = threading.Thread(target=work, args=(connection,), name="faultproxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # taken down
            with self._lock:
                self.connections += 1
                self._sockets.add(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(self._upstream, timeout=60)
        with self._lock:
            self._sockets.add(server)
        try:
            with client.makefile("rb") as requests, server.makefile("rb") as answers:
                while request := _read_request(client, requests):
                    fault = self._choose(request)
                    if not self._exchange(request, fault, client, server, answers):
                        return
        except (OSError, ValueError, EOFError):
            return  # either side went away, as this proxy makes them do
        finally:
            with self._lock:
                self._sockets -= {client, server}
            client.close()
            server.close()

    def _choose(self, request: Message) -> Fault | None:
        with self._lock:
            self.requests.append(request)
            rule = next((r for r in self._rules if r.times and r.matches(request)), None)
            if rule is not None:
                rule.times -= 1
            fault = rule.fault if rule is not None else self._choice(request)
            self.broken += fault is not None
            return fault

    def _exchange(
        self,
        request: Message,
        fault: Fault | None,
        client: socket.socket,
        server: socket.socket,
        answers: BinaryIO,
    ) -> bool:
        """Whether the connection goes on."""
        if isinstance(fault, ResetBefore):
            _reset(client)
            return False
        if isinstance(fault, Answer):
            headers = {"Content-Length": str(len(fault.body))} | fault.headers
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            client.sendall(f"HTTP/1.1 {fault.status} Fault\r\n{lines}\r\n".encode() + fault.body)
            return True
        server.sendall(request.head + request.body)
        answer = _read_answer(answers, request.method)
        with self._lock:
            self.answers.append((request, answer))
        if isinstance(fault, ResetAfter):
            _reset(client)
            return False
        head, body = answer.head, answer.body
        if isinstance(fault, CutBody):
            client.sendall(answer.head + body[: fault.after])
            return False
        if isinstance(fault, Tamper):
            body = body[: fault.at] + bytes([body[fault.at] ^ 1]) + body[fault.at + 1 :]
        if isinstance(fault, WrongEtag):
            head, body = (_ETAG.sub(_other_etag, text) for text in (head, body))
        if isinstance(fault, Stall):
            time.sleep(fault.seconds)
        client.sendall(head + body)
        return "close" not in answer.header("Connection").lower()


def _other_etag(found: re.Match[bytes]) -> bytes:
    """As long, and no longer that of these bytes."""
    return found[1] + found[2].translate(_TURNED)


def _reset(connection: socket.socket) -> None:
    try:
        # Lingering for 0 s makes close() send RST.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
        connection.close()
    except OSError:
        return  # closed already


def _read_request(client: socket.socket, file: BinaryIO) -> Message | None:
    head = _read_head(file)
    if not head:
        return None
    if re.search(rb"(?im)^expect:", head):
        # The client waits for leave to send; the server then gets the request in one go.
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = re.sub(rb"(?im)^expect:.*\r\n", b"", head)
    message = Message(start=_start_line(head), head=head, body=b"")
    return Message(start=message.start, head=head, body=_read_body(file, message))


def _read_answer(file: BinaryIO, method: str) -> Message:
    while True:
        head = _read_head(file)
        if not head:
            raise EOFError("the server closed the connection")
        answer = Message(start=_start_line(head), head=head, body=b"")
        if answer.status >= 200:
            break
    if method == "HEAD" or answer.status in (204, 304):
        return answer
    framed = answer.header("Content-Length") or answer.header("Transfer-Encoding")
    body = _read_body(file, answer) if framed else file.read()
    return Message(start=answer.start, head=head, body=body)


def _start_line(head: bytes) -> str:
    return head.split(b"\r\n", 1)[0].decode("latin-1")


def _read_head(file: BinaryIO) -> bytes:
    """Up to the blank line, which it includes; b"" when the connection ended before."""
    lines = []
    while line := file.readline():
        lines.append(line)
        if line == b"\r\n":
            return b"".join(lines)
    return b""


def _read_body(file: BinaryIO, message: Message) -> bytes:
    if "chunked" not in message.header("Transfer-Encoding").lower():
        return _read_exactly(file, int(message.header("Content-Length") or 0))
    parts = []
    while True:
        size = file.readline()
        parts.append(size)
        length = int(size.split(b";")[0], 16)
        if not length:
            break
        parts.append(_read_exactly(file, length + 2))
    while (line := file.readline()) not in (b"\r\n", b""):  # trailers
        parts.append(line)
    return b"".join([*parts, line])


def _read_exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise EOFError(f"{len(data)} bytes of {length}")
    return data
