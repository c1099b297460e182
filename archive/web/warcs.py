"""`/warcs/<name>`: WARC files as they lie in the store or in the spool, whole and in ranges
(RFC 9110, 14), so that the software of other archives can read this one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import NotArchived, RecordError
from archive.view import View
from archive.web.authority import authority_of
from archive.web.routes import PrefixRoute
from archive.web.site import site_of

PREFIX = "/warcs/"
PIECE = 4 << 20
"""Bytes that are asked of the store at once."""

NOTHING = (0, 0)

_NAME = re.compile(r"[a-z0-9_.-]{1,200}\.warc\.gz")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class _Part:
    """What is to be given out of a file."""

    name: str
    start: int
    stop: int
    status: int
    headers: dict[str, str]


async def warc(request: Request) -> Response:
    """Answer a WARC, one range of it, or what there is to know about it."""
    site = site_of(request.scope)
    is_admin = authority_of(request.scope).may("admin")
    view = site.view.everything() if is_admin else site.view
    found = await site.read(_looked_up, view, request)
    if isinstance(found, Response):
        return found
    return await site.answer(lambda: _pieces(view, found), found.headers, found.status, reads=True)


def _looked_up(view: View, request: Request) -> Response | _Part:
    """The answer, or what is too much for one piece."""
    name = request.scope["path"].removeprefix(PREFIX)
    if not _NAME.fullmatch(name):
        raise NotArchived(name[:200], "files of the archive have names such as NAME.warc.gz")
    size = view.size(name)
    etag = f'"{name}-{size}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Type": "application/warc",
        "Content-Disposition": "attachment",
        "Cache-Control": "no-cache",
    }
    if request.headers.get("if-none-match") == etag:
        view.check_bytes(name, 0, size)
        return Response(status_code=304, headers=headers)
    asked = request.headers.get("range", "")
    found = range_of(asked, size) if request.headers.get("if-range", etag) == etag else None
    if found == NOTHING:
        return Response(b"", 416, {**headers, "Content-Range": f"bytes */{size}"})
    start, stop = found or (0, size)
    if found is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    part = _Part(name, start, stop, 200 if found is None else 206, headers)
    view.check_bytes(name, start, stop)
    if request.method == "HEAD":
        return Response(b"", part.status, headers)
    if stop - start > PIECE:
        return part
    return Response(b"".join(_pieces(view, part)), part.status, headers)


def range_of(asked: str, size: int) -> tuple[int, int] | None:
    """First byte, and the one behind the last, of a Range header; NOTHING: it cannot be satisfied.

    None for what is no single range of bytes: it is passed over (RFC 9110, 14.2).
    """
    match = _RANGE.fullmatch(asked)
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), size
        if match[2]:
            if int(match[2]) < start:
                return None
            stop = min(size, int(match[2]) + 1)
    return (start, stop) if start < stop else NOTHING


def _pieces(view: View, part: _Part) -> Iterator[bytes]:
    start = part.start
    while start < part.stop:
        stop = min(part.stop, start + PIECE)
        view.check_bytes(part.name, start, stop)  # it may have been withheld since
        piece = view.read(part.name, start, stop - start)
        if not piece:
            raise RecordError(f"{part.name} ends at {start}, before it should")
        start += len(piece)
        yield piece


ROUTES = (PrefixRoute(PREFIX, warc),)
