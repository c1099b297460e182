"""`/raw/<ts>/<url>`: what the worker is given for an address, whatever the capture's status."""

from __future__ import annotations

from starlette.responses import Response

from archive.codings import decoded_pieces
from archive.errors import ArchiveError, ContentError, RecordError
from archive.memento import Memento
from archive.urlkey import urlkey
from archive.view import View
from archive.web import links
from archive.web.bodies import HELD, Body, Call, decoded
from archive.web.raw import SAFE, head_of
from archive.web.replay.disarming import composes_markup, disarmed, is_markup

STATUS = "X-Archive-Status"
LOCATION = "X-Archive-Location"
POLICY = "X-Archive-Policy"
URL = "X-Archive-Url"
TIME = "X-Archive-Time"

_FILE = "application/octet-stream"
_LONGEST_MARKUP = 32 << 20
"""Bytes of a page; what is longer is a file."""
_SNIFFED = 512
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<!--", b"<script")


def answer(
    view: View, url: str, at: str, *, main: str | None, upgrade: bool, call: Call
) -> Response:
    """200 with the decoded body of the capture nearest to `at` (14 digits); its status, and where
    it redirects to, are in headers of ours, for no worker can read those of a redirect.

    `main`: origin that frames the replay. `upgrade`: the replay is on https, where a browser asks
    no worker for http. `call`: of the site, for large bodies. Raises ArchiveError.
    """
    memento = view.open(view.find(url, at=at))
    memento, location = target_of(view, memento)
    head = head_of(memento)
    if not head.status:
        raise RecordError(f"no answer was received from {memento.capture.url}")
    body, is_whole = _decoded(memento)
    media = media_type(memento)
    mime = media.partition(";")[0].strip().lower()
    composes = False
    if is_markup(mime):
        try:
            markup = _harmless(body, charset_of(media), is_whole=is_whole)
        except ContentError:
            media = _FILE  # which nobody shows
        else:
            composes = composes_markup(markup, mime)
            body = decoded([], markup)
    headers = {
        **SAFE,
        "Content-Type": media,
        "Cache-Control": "no-store",
        STATUS: str(head.status),
        POLICY: policy(main, upgrade=upgrade, closed=composes),
        URL: links.sent(memento.capture.url),
        TIME: memento.capture.timestamp,
    }
    if location is not None:
        headers[LOCATION] = links.sent(location)
    response = body.response(200, call)
    response.headers.update({**headers, "Content-Length": str(body.size)})
    return response


def target_of(view: View, memento: Memento) -> tuple[Memento, str | None]:
    """What to show for a capture, and where it redirects to; None: nowhere.

    Who looks up the target of a redirect from http to https, or to www, may find the same redirect
    again: there the capture is given that it leads to.
    """
    location = memento.location
    if location is None or not location.startswith(("http://", "https://")):
        return memento, None
    try:
        elsewhere = urlkey(location) != memento.capture.urlkey
    except ArchiveError:
        return memento, None
    if elsewhere:
        return memento, location
    followed = view.follow(memento)
    if followed.capture.urlkey != memento.capture.urlkey:
        return followed, followed.capture.url
    return followed, None


def policy(main: str | None, *, upgrade: bool, closed: bool = False) -> str:
    """Content-Security-Policy of a document that the worker answers with.

    `closed`: it may load nothing but by addresses of ours.
    """
    foreign = "" if closed else "* "
    return (
        f"{'upgrade-insecure-requests; ' if upgrade else ''}default-src 'none'; "
        "script-src 'none'; form-action 'none'; frame-src 'self'; "
        f"img-src 'self' {foreign}data: blob:; media-src 'self' {foreign}data: blob:; "
        f"font-src 'self' {foreign}data:; style-src 'self' {foreign}'unsafe-inline' data:; "
        f"frame-ancestors 'self' {main or ''}"
    ).rstrip()


def media_type(memento: Memento) -> str:
    """The archived Content-Type, character set and all; where there is none, of what its body looks
    like. Raises DigestMismatch."""
    archived = (head_of(memento).get(b"content-type") or b"").decode("latin-1")
    if archived.isprintable() and "/" in archived:
        return archived
    start = _beginning(memento)[:_SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n\f").lower()
    return "text/html" if start.startswith(_HTML_STARTS) else _FILE


def charset_of(media: str) -> str:
    """The parameter of a Content-Type; "" where there is none."""
    for parameter in media.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return ""


def _beginning(memento: Memento) -> bytes:
    """Of the decoded body, which need not be decoded further for this."""
    pieces = decoded_pieces(_codings(memento), memento.payload, limit=HELD)
    try:
        return next(filter(None, pieces), b"")
    except ContentError:
        return memento.payload


def _decoded(memento: Memento) -> tuple[Body, bool]:
    """And whether it is the page: where a coding cannot be undone to its end, it is as it was sent,
    which is the page as well if it never had that coding."""
    codings = _codings(memento)
    try:
        return decoded(codings, memento.payload), True
    except ContentError:
        return decoded([], memento.payload), not _has_coding(codings, memento.payload)


def _codings(memento: Memento) -> list[str]:
    # The body of a revisit has the coding of the record that holds it.
    return memento.original.head.tokens(b"content-encoding")


def _has_coding(codings: list[str], payload: bytes) -> bool:
    """Whether the last of the codings can be undone, at least in the beginning."""
    try:
        next(decoded_pieces(codings[-1:], payload), b"")
    except ContentError:
        return False
    return True


def _harmless(body: Body, charset: str, *, is_whole: bool) -> bytes:
    """Markup, which must be held to be changed. Raises ContentError where it cannot be."""
    if not is_whole:
        raise ContentError("it cannot be decoded: it is given as a file")
    if body.size > _LONGEST_MARKUP:
        raise ContentError(f"it has more than {_LONGEST_MARKUP} bytes: it is given as a file")
    return disarmed(body.whole(), charset)
