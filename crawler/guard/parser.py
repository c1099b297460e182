"""Limits on the head of a response, which Twisted and Scrapy read without end."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import _LenientHTTPClientParser

from crawler.guard.errors import ResponseRefused

HEAD_BYTES = 256 * 1024
"""Bytes of status lines and header fields, those of interim responses included."""

HEAD_LINES = 508
"""Lines of status lines and header fields, those of interim responses included."""

INTERIM_RESPONSES = 16
"""Interim (1xx) responses before the final one; RFC 9110, 15.2."""

_LINE_BYTES = 64 * 1024


class CappedParser(_LenientHTTPClientParser):
    """Cuts the connection when a response's head goes beyond the limits.

    To be put in the place of the parser of a Twisted client protocol by assigning to its
    `__class__`; it therefore has no `__init__`. What it raises arrives as the reason of a Twisted
    ResponseFailed; `refusal_in` finds it there.
    """

    MAX_LENGTH = _LINE_BYTES

    _bytes = 0
    _lines = 0
    _statuses = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 (Twisted's name)
        self._bytes += len(line) + 1
        self._lines += 1
        if self._bytes > HEAD_BYTES:
            self._refuse(f"its header is longer than {HEAD_BYTES} bytes")
        if self._lines > HEAD_LINES:
            self._refuse(f"its header has more than {HEAD_LINES} lines")
        super().lineReceived(line)

    def statusReceived(self, status: bytes) -> None:  # noqa: N802 (Twisted's name)
        self._statuses += 1
        if self._statuses > INTERIM_RESPONSES + 1:
            self._refuse(f"more than {INTERIM_RESPONSES} interim responses came before it")
        super().statusReceived(status)  # type: ignore[no-untyped-call]  # Twisted's is not typed

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802 (Twisted's signature)
        self._refuse(f"its header has a line of more than {_LINE_BYTES} bytes")

    def _refuse(self, reason: str) -> None:
        # Raising makes the protocol fail the request and close; a TLS connection that is closed
        # politely would go on receiving until the peer agrees, so it is cut here.
        connection = getattr(self.transport, "_producer", None)
        if connection is not None:
            connection.abortConnection()
        raise ResponseRefused(f"the response was cut off: {reason}")


def refusal_in(error: BaseException | None) -> ResponseRefused | None:
    """What `CappedParser` raised, in an error of Scrapy or Twisted that came of it."""
    while error is not None:
        if isinstance(error, ResponseRefused):
            return error
        for reason in getattr(error, "reasons", ()):  # twisted.web.client.ResponseFailed
            if isinstance(reason.value, ResponseRefused):
                return reason.value
        error = error.__cause__
    return None
