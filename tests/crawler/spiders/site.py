"""A small site on a free port of 127.0.0.1, made of a table of answers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """What one path answers with. `{base}` in a text stands for the site's own address."""

    body: bytes | str = ""
    type: str | None = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    announced: int | None = None  #: Content-Length, where it is a lie


class Site:
    """Serves the table between `with` and its end, and notes each request."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._answers = answers
        self.requests: list[str] = []  #: paths in the order in which they were asked for
        self.headers: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.path)
        self.headers.append((handler.path, {k.lower(): v for k, v in handler.headers.items()}))
        missing = Answer("<p>none</p>", status=404)
        answer = self._answers.get(handler.path, missing)
        body = answer.body
        if isinstance(body, str):
            body = body.replace("{base}", self.base).encode()
        handler.send_response(answer.status)
        if answer.type:
            handler.send_header("Content-Type", answer.type)
        for name, value in answer.headers.items():
            handler.send_header(name, value.replace("{base}", self.base))
        handler.send_header("Content-Length", str(answer.announced or len(body)))
        if answer.announced:
            handler.send_header("Connection", "close")
            handler.close_connection = True
        handler.end_headers()
        handler.wfile.write(body)

    def count(self, path: str) -> int:
        """How often the path was asked for."""
        return self.requests.count(path)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
