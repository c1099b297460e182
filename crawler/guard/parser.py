"""Limits on what a server may send, which Twisted and Scrapy read without end."""

from __future__ import annotations

from time import monotonic

from scrapy.core.downloader.handlers.http11 import _LenientHTTPClientParser

from crawler.guard.errors import BodyTooSlow, ResponseRefused
from crawler.guard.rate import RateFloor

HEAD_BYTES = 256 * 1024
"""Bytes of status lines and header fields, those of interim responses included."""

HEAD_LINES = 508
"""Lines of status lines and header fields, those of interim responses included."""

INTERIM_RESPONSES = 16
"""Interim (1xx) responses before the final one; RFC 9110, 15.2."""

_LINE_BYTES = 64 * 1024

_CUT = "the response was cut off: "


class CappedParser(_LenientHTTPClientParser):
    """Cuts the connection when a response's head goes beyond the limits, or its body is too slow.

    To be put in the place of the parser of a Twisted client protocol by assigning to its
    `__class__`; it therefore has no `__init__`. What it raises is also in `refusal`.
    """

    MAX_LENGTH = _LINE_BYTES

    floor: RateFloor | None = None
    """How slowly a body may come; set by whoever puts the parser in place."""

    refusal: ResponseRefused | None = None
    """Why the connection was cut, if it was."""

    _since = 0.0
    _received = 0
    _bytes = 0
    _lines = 0
    _statuses = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 (Twisted's name)
        self._bytes += len(line) + 1
        self._lines += 1
        if self._bytes > HEAD_BYTES:
            self._refuse(ResponseRefused(_CUT + f"its header is longer than {HEAD_BYTES} bytes"))
        if self._lines > HEAD_LINES:
            self._refuse(ResponseRefused(_CUT + f"its header has more than {HEAD_LINES} lines"))
        super().lineReceived(line)

    def statusReceived(self, status: bytes) -> None:  # noqa: N802 (Twisted's name)
        self._statuses += 1
        if self._statuses > INTERIM_RESPONSES + 1:
            reason = f"more than {INTERIM_RESPONSES} interim responses came before it"
            self._refuse(ResponseRefused(_CUT + reason))
        super().statusReceived(status)  # type: ignore[no-untyped-call]  # Twisted's is not typed

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 (Twisted's signature)
        reason = f"its header has a line of more than {_LINE_BYTES} bytes"
        self._refuse(ResponseRefused(_CUT + reason))

    def rawDataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        floor = self.floor
        if floor is not None:
            now = monotonic()
            self._since = self._since or now
            self._received += len(data)
            seconds = now - self._since
            if seconds >= floor.window:
                if floor.is_too_slow(self._received, seconds):
                    self._refuse(BodyTooSlow(_CUT + "its body came too slowly"))
                self._since, self._received = now, 0
        super().rawDataReceived(data)  # type: ignore[no-untyped-call]  # Twisted's is not typed

    def _refuse(self, refusal: ResponseRefused) -> None:
        # Raising makes the protocol fail the request and close; a TLS connection that is closed
        # politely would go on receiving until the peer agrees, so it is cut here.
        connection = getattr(self.transport, "_producer", None)
        if connection is not None:
            connection.abortConnection()
        self.refusal = refusal
        raise refusal
