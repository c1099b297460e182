"""A capture opened for reading: wire bytes, payload, body, and the request before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urljoin

from archive.codings import DECODED_LIMIT, decode_content
from archive.digests import sha256
from archive.errors import DigestMismatch
from archive.http import ResponseHead
from archive.model import Capture
from archive.warc.captures import payload_of
from archive.warc.reading import Record

_REDIRECTS = (301, 302, 303, 307, 308)  # RFC 9110, 15.4: those that mean another place
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def damage_of(capture: Capture, why: str) -> str:
    """What to say of a capture whose bytes are not those that were kept."""
    return (
        f"the record of {capture.url} of {capture.timestamp} is damaged ({why}): "
        "`pressmark verify --repair` puts it right from a mirror; without one, bring "
        f"{capture.filename} back from a backup of the collection"
    )


@dataclass(frozen=True)
class Memento:
    """Reads are checked: what does not have the digest that was noted is never given out."""

    capture: Capture  #: the one that was asked for
    record: Record  #: its record; for a revisit the `revisit` record
    original: Record  #: the record that holds the bytes: for a revisit the one it refers to
    members: bytes  #: the gzip members of request and response as they stand in the WARC

    @property
    def head(self) -> ResponseHead:
        """Head of the response, of the revisit itself where it carries one."""
        return (self.record if self.record.block else self.original).head

    @property
    def head_bytes(self) -> bytes:
        """The same as it stood on the wire, with the blank line."""
        block = self.record.block or self.original.block
        return block[: self.head.length]

    @property
    def raw(self) -> bytes:
        """The bytes of the wire, from the status line to the end of the message."""
        return self.original.block

    @cached_property
    def payload(self) -> bytes:
        """Transfer coding undone, content coding kept: `digest` is its SHA-256.

        Raises DigestMismatch.
        """
        payload = payload_of(self.original)
        if self.capture.digest.startswith("sha256:") and sha256(payload) != self.capture.digest:
            why = f"its payload does not have the digest {self.capture.digest}"
            raise DigestMismatch(damage_of(self.capture, why))
        return payload

    def body(self, limit: int = DECODED_LIMIT) -> bytes:
        """Content coding undone too. Raises ContentError, DigestMismatch."""
        codings = self.original.head.tokens(b"content-encoding")
        return decode_content(codings, self.payload, limit=limit)

    @property
    def location(self) -> str | None:
        """Absolute target of a redirect; None for other answers, and where it is no URL."""
        head = self.head
        value = head.get(b"location")
        if not value or head.status not in _REDIRECTS:
            return None
        # In whatever encoding the server wrote it: percent-encoded, its bytes are those it meant.
        target = quote(value, safe=_ASCII)
        try:
            return urljoin(self.capture.url, target)
        except ValueError:  # such as http://[
            return None
