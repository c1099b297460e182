"""One capture as an answer of ours: the archived body, under headers that are safe to send."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.responses import Response

from archive.errors import ContentError, RecordError
from archive.http import ResponseHead
from archive.memento import Memento
from archive.model import Capture
from archive.web.bodies import Body, Call, decoded
from archive.web.targets import host_of

SAFE = {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline' data:; img-src data:"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The page of another origin learns nothing of it, not even whether it is there.
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What archived content is sent with: it may not run, load or know anything."""

_ODD = re.compile(r"[^a-z0-9.-]+")
_NOTHING = Body(start=b"", size=0)
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})
_NEVER = frozenset({b"set-cookie", b"set-cookie2"})
_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

Headers = list[tuple[bytes, bytes]]

MapLocation = Callable[[str], str | None]
"""From the absolute URL that an archived redirect names to one within the archive; None: it leads
to itself."""


def saved_as(capture: Capture, suffix: str) -> dict[str, str]:
    """Headers of a file made of a capture that is to be saved (RFC 6266): it is named by host and
    time, in lower-case ASCII that no system objects to, with a suffix such as ".txt"."""
    host = _ODD.sub("-", host_of(capture.url)).strip("-.")
    name = f"{host[:100] or 'capture'}-{capture.timestamp}{suffix}"
    return {**SAFE, "Content-Disposition": f'attachment; filename="{name}"'}


def head_of(memento: Memento) -> ResponseHead:
    """The head that goes with the body: a 304 answer (RFC 9110, 15.4.5) stands for what it
    confirms."""
    head = memento.head
    return memento.original.head if head.status == 304 and memento.original.block else head


def raw_response(
    memento: Memento,
    *,
    accept_encoding: str,
    location: MapLocation,
    extra: Headers,
    call: Call,
    soon: bool = False,
) -> Response:
    """Status, body and media type as they were archived. The content coding stays where the client
    takes it, and otherwise is undone.

    Every archived header is there as X-Archive-Orig-*, but cookies. `call`: of the site, for a body
    that is too large for one piece. Raises RecordError; with `soon` TakesLong.
    """
    head = head_of(memento)
    if not 200 <= head.status <= 599:
        # 999 and the like; and where no answer came there is nothing to show.
        if not head.status:
            raise RecordError(f"no answer was received from {memento.capture.url}")
        status = 200
    else:
        status = head.status
    body, coding = _body(memento, accept_encoding, soon=soon)
    sent = body if status not in (204, 304) else _NOTHING
    response = sent.response(status, call)
    headers: Headers = [
        (b"content-type", _value(head.get(b"content-type") or b"application/octet-stream")),
        (b"vary", b"accept-encoding"),
        (b"cache-control", b"no-cache"),
        *((name.lower().encode(), value.encode()) for name, value in SAFE.items()),
        *extra,
    ]
    if coding:
        headers.append((b"content-encoding", coding))
    target = memento.location
    within = location(target) if target is not None and 300 <= status < 400 else None
    if within is not None:
        headers.append((b"location", within.encode()))
    if status not in (204, 304):
        headers.append((b"content-length", b"%d" % body.size))
    headers += _originals(head)
    response.raw_headers = headers
    return response


def _body(memento: Memento, accept_encoding: str, *, soon: bool) -> tuple[Body, bytes]:
    """What to send, and its Content-Encoding."""
    # The body of a revisit has the coding of the record that holds it.
    codings = [
        name for name in memento.original.head.tokens(b"content-encoding") if name != "identity"
    ]
    if not codings:
        return decoded([], memento.payload), b""
    label = ", ".join(codings).encode()
    if all(name in _ENCODINGS and accepts(accept_encoding, name) for name in codings):
        return decoded([], memento.payload), label
    try:
        return decoded(codings, memento.payload, soon=soon), b""
    except ContentError:
        # Mislabelled, unknown to us, or a bomb: as it was sent.
        return decoded([], memento.payload), _value(label)


def accepts(accept_encoding: str, coding: str) -> bool:
    """Whether a coding may be sent (RFC 9110, 12.5.3). Nobody who names none is sent one."""
    wanted = coding.removeprefix("x-")
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        if name.strip().removeprefix("x-") == wanted:
            weight = parameter.strip().removeprefix("q=").strip()
            return not parameter or weight.strip("0.") != ""
    return False


def _originals(head: ResponseHead) -> Headers:
    return [
        (b"x-archive-orig-" + name.lower(), _value(value))
        for name, value in head.headers
        if _NAME.fullmatch(name) and name.lower() not in _NEVER
    ]


def _value(value: bytes) -> bytes:
    return _CONTROL.sub(b"", value)
