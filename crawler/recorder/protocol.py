"""Twisted's HTTP/1.1 client, with a tee between it and the wire.

The pool tags the request that it hands to a connection, so that every attempt at it, also the
silent one on a fresh connection when a kept-alive one was dead, is recorded in the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.client import HTTPConnectionPool

from archive.block import Block
from archive.errors import AddressRefused
from archive.model import Connection
from crawler.guard.networks import Networks
from crawler.guard.parser import CappedParser
from crawler.guard.rate import RateFloor
from crawler.recorder.certificates import connection_of
from crawler.recorder.recording import Recording

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IStreamClientEndpoint
    from twisted.web._newclient import HTTP11ClientProtocol
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse


class Attempts:
    """The exchanges that one download came to, in order."""

    def __init__(self, host: str, folder: Path) -> None:
        self.host = host  #: as in the URL
        self._folder = folder
        self.recordings: list[Recording] = []

    def begin(self) -> Recording:
        """A recording for one more attempt."""
        recording = Recording(self._folder)
        self.recordings.append(recording)
        return recording


class _Tee:
    """A transport that also writes to a block; `failed` takes the OSError of that."""

    def __init__(self, transport: Any, block: Block, failed: Callable[[OSError], None]) -> None:
        self._transport = transport
        self._block = block
        self._failed = failed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._copy(data)
        self._transport.write(data)

    def writeSequence(self, pieces: Iterable[bytes]) -> None:  # noqa: N802 (Twisted's name)
        self.write(b"".join(pieces))

    def _copy(self, data: bytes) -> None:
        try:
            self._block.write(data)
        except OSError as error:
            self._failed(error)


class RecordingProtocol(_LenientHTTP11ClientProtocol):
    """One connection. Checks its peer before the first byte is written."""

    _recording: Recording | None = None
    _connection: Connection | None = None
    _permitted = False
    _closed_cleanly = False

    def __init__(
        self, quiescent: Callable[[Any], None], networks: Networks, floor: RateFloor
    ) -> None:
        super().__init__(quiescent)  # type: ignore[no-untyped-call]  # Twisted's is not typed
        self._networks = networks
        self._floor = floor

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        """Send the request, recorded where the pool's tag says. Fails with AddressRefused."""
        transport: Any = self.transport
        attempts: Attempts = request.attempts  # type: ignore[attr-defined]  # the pool's tag
        if not self._permitted:
            try:
                self._networks.check_peer(attempts.host, transport.getPeer().host)
            except AddressRefused as error:
                transport.abortConnection()
                return fail(error)
            self._permitted = True
        recording = self._recording = attempts.begin()
        # Only the instance's: another attempt at the same request gets a tee of its own.
        request.writeTo = partial(self._write, request, recording)  # type: ignore[method-assign]
        answer = super().request(request)
        parser: Any = self._parser
        parser.__class__ = CappedParser  # Twisted names the class of its parser in the code
        parser.floor = self._floor
        return answer

    def _write(self, request: TxRequest, recording: Recording, transport: Any) -> Any:
        def failed(error: OSError) -> None:
            recording.failure = error

        write: Any = type(request).writeTo
        return write(request, _Tee(transport, recording.request, failed))

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        recording = self._recording
        if recording is not None:
            if recording.connection is None:
                recording.connection = self._evidence()
            try:
                recording.feed(data)
            except OSError as error:
                recording.failure = error
                self._recording = None
                self._abort()
                return
        parser: Any = self._parser
        super().dataReceived(data)  # type: ignore[no-untyped-call]  # Twisted's is not typed
        if recording is not None and parser is not None:
            recording.refusal = parser.refusal

    def _evidence(self) -> Connection:
        if self._connection is None:
            self._connection = connection_of(self.transport)
        return self._connection

    def _abort(self) -> None:
        transport: Any = self.transport
        transport.abortConnection()

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802 (Twisted's name)
        """The parser's own end of the message; `rest` is what it was fed beyond that."""
        recording, self._recording = self._recording, None
        if recording is not None:
            if self._parser is not None:
                recording.end(len(rest), "boundary")
            elif self._closed_cleanly:
                recording.end(0, "close")
            # Otherwise an error ended a message that only the connection delimits: it is cut
            # (RFC 9112, 8).
        super()._finishResponse(rest)

    def connectionLost(  # noqa: N802 (Twisted's name)
        self, reason: Failure = connectionDone
    ) -> None:
        self._closed_cleanly = isinstance(reason.value, ConnectionDone)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted's is not typed
        self._recording = None


class _RecordingFactory(_LenientHTTP11ClientFactory):
    def __init__(
        self,
        networks: Networks,
        floor: RateFloor,
        quiescent: Callable[[Any], None],
        metadata: str,
    ) -> None:
        super().__init__(quiescent, metadata)  # type: ignore[no-untyped-call]  # Twisted's
        self._networks = networks
        self._floor = floor

    def buildProtocol(  # noqa: N802 (Twisted's name)
        self,
        addr: IAddress | None,  # noqa: ARG002 (Twisted's signature)
    ) -> HTTP11ClientProtocol:
        return RecordingProtocol(self._quiescentCallback, self._networks, self._floor)


class _Tagged:
    """A connection of the pool, which may be a wrapper that tries twice; tags what it sends."""

    def __init__(self, attempts: Attempts, connection: HTTP11ClientProtocol) -> None:
        self._connection = connection
        self._attempts = attempts

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        request.attempts = self._attempts  # type: ignore[attr-defined]  # read by the protocol
        return self._connection.request(request)


class RecordingPool(HTTPConnectionPool):
    """Connections that record. `attempts` is set right before Twisted's agent asks for one, which
    it does at once; nothing may be awaited in between."""

    def __init__(self, reactor: Any, networks: Networks, floor: RateFloor) -> None:
        super().__init__(reactor, persistent=True)  # type: ignore[no-untyped-call]  # Twisted's
        # Twisted declares the class that it calls; anything that makes a factory will do.
        self._factory = partial(_RecordingFactory, networks, floor)  # type: ignore[assignment]
        self.attempts: Attempts | None = None

    def getConnection(  # noqa: N802 (Twisted's name)
        self, key: Hashable, endpoint: IStreamClientEndpoint
    ) -> Deferred[HTTP11ClientProtocol]:
        attempts, self.attempts = self.attempts, None
        if attempts is None:
            raise RuntimeError("a connection was asked for outside of a recorded download")
        tag: Callable[[Any], Any] = partial(_Tagged, attempts)
        return super().getConnection(key, endpoint).addCallback(tag)
