"""Running the application: uvicorn with httptools on a socket of ours."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn
from starlette.types import ASGIApp

from archive.errors import ServerError
from archive.web.guard.patience import PatientProtocol

_BACKLOG = 512
_GRACE = 10
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises ServerError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise ServerError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; "
            "choose another one with --host and --port, or end what has it"
        ) from error
    return listening


def address_of(listening: socket.socket) -> str:
    """URL of the socket, e.g. "http://127.0.0.1:8080"."""
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can connect to the socket."""
    return ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


class _Server(uvicorn.Server):
    """Says when it is ready, and ends as one that was asked to."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's raises the signal once more in the end: here to be asked is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def configuration(app: ASGIApp, proxies: Sequence[str] = ()) -> uvicorn.Config:
    """How an application is run: what is logged, and how, is its own affair.

    `proxies`: networks whose X-Forwarded-For and X-Forwarded-Proto are believed.
    """
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=_GRACE,
    )


def serve(
    app: ASGIApp,
    listening: Sequence[socket.socket],
    ready: Callable[[], None],
    proxies: Sequence[str] = (),
) -> None:
    """Serve until SIGINT or SIGTERM; requests that run then have 10 s to end.

    `ready` is called when connections are answered. `proxies`: see `configuration`.
    """
    _Server(configuration(app, proxies), ready).run(sockets=list(listening))
