"""Reading the head of an HTTP/1 message as it stands on the wire, without correcting it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})(?:[ \t]+(.*))?\Z", re.DOTALL | re.IGNORECASE)
_STATUS_DIGITS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{0,3})", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """Status line and fields of a response; RFC 9112, 4 and 5, read leniently."""

    status: int  #: 0 when the first line is no status line
    reason: bytes  #: as sent
    headers: tuple[tuple[bytes, bytes], ...]  #: in order, names as sent, values without padding
    length: int  #: bytes up to and including the blank line

    def get(self, name: bytes) -> bytes | None:
        """The first value of a field; `name` in lower case."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def tokens(self, name: bytes) -> list[str]:
        """All comma-separated values of a field, lower case; `name` in lower case."""
        values = b",".join(value for key, value in self.headers if key.lower() == name)
        parts = (part.strip().lower() for part in values.decode("latin-1").split(","))
        return [part for part in parts if part]

    @property
    def chunked(self) -> bool:
        """Whether the body is in chunks (RFC 9112, 7.1)."""
        return self.tokens(b"transfer-encoding")[-1:] == ["chunked"]

    @property
    def mime(self) -> str:
        """Media type without parameters, lower case; "unk" where there is no legible one (CDX)."""
        value = (self.get(b"content-type") or b"").decode("latin-1")
        mime = value.partition(";")[0].strip().lower()
        return mime if _MEDIA_TYPE.fullmatch(mime) else "unk"


def head_end(data: bytes | bytearray, start: int = 0) -> int:
    """Index behind the blank line that ends a head; -1 when it has not come yet.

    Line ends may be CRLF or LF, as in Twisted's parser. `start` must not lie behind the last three
    bytes that were searched before.
    """
    found = _END.search(data, start)
    return found.end() if found else -1


def is_interim(data: bytes | bytearray, start: int = 0) -> bool | None:
    """Whether the response that begins at `start` is a 1xx (RFC 9110, 15.2); None: cannot be told.

    101 is none: what follows it is of another protocol. A status of which only the first digit
    came, a 1, counts as one.
    """
    match = _STATUS_DIGITS.match(data, start)
    if not match or not match[1]:
        return None
    return match[1].startswith(b"1") and match[1] != b"101"


def final_start(data: bytes | bytearray) -> int:
    """Index of the first response that is not a whole interim one; its own head may be cut."""
    start = 0
    while is_interim(data, start):
        end = head_end(data, start)
        if end < 0:
            break
        start = end
    return start


def parse_head(data: bytes) -> ResponseHead:
    """The head at the beginning of `data`, whole or cut; never raises.

    A line without a colon is left out; a folded line (RFC 9112, 5.2) is joined with one space.
    """
    end = head_end(data)
    length = len(data) if end < 0 else end
    first, *lines = data[:length].split(b"\n")
    match = _STATUS.match(first.rstrip(b"\r"))
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        text = line.rstrip(b"\r")
        if text[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            headers[-1] = (name, value + b" " + text.strip())
        elif b":" in text:
            name, _, value = text.partition(b":")
            headers.append((name.strip(), value.strip()))
    return ResponseHead(
        status=int(match[1]) if match else 0,
        reason=(match[2] or b"") if match else b"",
        headers=tuple(headers),
        length=length,
    )
