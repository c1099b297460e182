"""A small invented newspaper on loopback, for `pressmark demo` and for tests."""

from __future__ import annotations

import contextlib
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from crawler.demo.answers import SEED_PATH, Answer, answers, missing
from crawler.demo.stories import Story, stories

_CHUNK = 1000


class DemoSite:
    """Serves from the beginning of a `with` block to its end, on 127.0.0.1 and a free port."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        """The front page."""
        self.seed_url = self.url.rstrip("/") + SEED_PATH
        """The reconstructed page of the Business & Human Rights Resource Centre."""
        self.feed_url = f"{self.url}feed.xml"
        self.sitemap_url = f"{self.url}sitemap-news.xml"
        self.stories: tuple[Story, ...] = stories()
        self._server.answers = answers(self.url.rstrip("/"))
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="demo site")

    def story_url(self, story: Story) -> str:
        """Address of a story's page."""
        return self.url.rstrip("/") + story.path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    # Its threads are waited for, so that nothing is open when the block has ended.
    daemon_threads = False
    answers: dict[str, Answer]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()
        self._lock = Lock()

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            self._open.add(request)
        try:
            # A client may go away at any moment; that is no matter of ours.
            with contextlib.suppress(ConnectionError):
                super().finish_request(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def hang_up(self) -> None:
        """End connections that clients keep alive, whose threads would wait for another request."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "DemoSite"
    sys_version = ""
    # Header and body of a kept connection leave in separate writes.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer with the body."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the header alone."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        answer = self.server.answers.get(urlsplit(self.path).path) or missing()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if answer.location:
            self.send_header("Location", answer.location)
        if answer.coding:
            self.send_header("Content-Encoding", answer.coding)
            self.send_header("Vary", "Accept-Encoding")
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(_in_chunks(answer.body) if answer.chunked else answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Say nothing: standard error belongs to the command."""


def _in_chunks(body: bytes) -> bytes:
    pieces = [body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
