"""Running a crawl for a test, against a server in the test's own process."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Crawl:
    """What a crawl came to."""

    outcomes: list[dict[str, Any]]
    truncated: dict[str, list[str | None]]  #: for each URL why its exchanges were cut
    peak: int  #: of the process's memory, kB
    settings: dict[str, str]
    log: str

    @property
    def only(self) -> dict[str, Any]:
        """The one outcome that there is."""
        assert len(self.outcomes) == 1, self.log
        return self.outcomes[0]

    def of(self, url: str) -> dict[str, Any]:
        """What became of the one request for a URL."""
        found = [outcome for outcome in self.outcomes if outcome["url"] == url]
        assert len(found) == 1, self.log
        return found[0]

    @property
    def errors(self) -> list[str | None]:
        """The class of the error of each request, None where it was answered."""
        return [outcome["error"] for outcome in self.outcomes]


def crawl(
    folder: Path,
    requests: list[dict[str, Any] | str],
    *,
    environment: dict[str, str] | None = None,
    **job: Any,
) -> Crawl:
    """Fetch in a process of its own.

    `job`: guarded (default True), runner, settings, spider_settings, names, memory,
    cache_seconds, show_settings.
    """
    job["requests"] = [{"url": one} if isinstance(one, str) else one for one in requests]
    job.setdefault("guarded", True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawler.guard.crawling"],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        input=json.dumps(job | {"folder": str(folder)}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Crawl(**json.loads(done.stdout), log=done.stderr)


def failed_crawl(folder: Path, **job: Any) -> str:
    """The standard error of a crawl that must not start."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crawler.guard.crawling"],
        cwd=ROOT,
        input=json.dumps({"requests": [], "guarded": True, "folder": str(folder)} | job),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    return done.stderr


@dataclass(frozen=True)
class Asked:
    """One request as the server read it."""

    time: float  #: seconds, monotonic, when the head was there
    peer: str  #: address that the client connected to
    target: str
    headers: dict[str, str]  #: names in lower case


Answer = Callable[[Asked, socket.socket], bool | None]


@dataclass
class HostileServer:
    """Answers each request by a function that writes to the socket as it likes, then closes.

    It listens on all IPv4 addresses of the machine, so that one address can stand for the public
    and another for the private side.
    """

    answer: Answer
    tls: ssl.SSLContext | None = None
    family: socket.AddressFamily = socket.AF_INET
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        host = "::1" if self.family == socket.AF_INET6 else "0.0.0.0"
        self._listener = socket.create_server((host, 0), family=self.family, backlog=100)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The URL of a path, under a name of this server."""
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # the test is over
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.settimeout(30)
                while self._exchange(connection):
                    pass
        except OSError:
            return  # the client has had enough, which is what many tests are about

    def _exchange(self, connection: socket.socket) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return False
            head += piece
        lines = head.decode("latin-1").split("\r\n")
        fields = [line.partition(":") for line in lines[1:] if line]
        asked = Asked(
            time=time.monotonic(),
            peer=connection.getsockname()[0],
            target=lines[0].split(" ")[1],
            headers={name.lower(): value.strip() for name, _, value in fields},
        )
        self.asked.append(asked)
        return bool(self.answer(asked, connection))


def respond(
    connection: socket.socket,
    body: bytes = b"<html><title>ok</title></html>",
    *headers: str,
    status: str = "200 OK",
    keep: bool = False,
) -> bool:
    """Write a whole response; the result is for the server, whether the connection stays."""
    fields = [f"Content-Length: {len(body)}", *headers]
    if not any(one.lower().startswith("content-type:") for one in headers):
        fields.append("Content-Type: text/html")
    if not keep:
        fields.append("Connection: close")
    head = "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""])
    connection.sendall(head.encode("latin-1") + body)
    return keep
