"""`/warcs/<name>`: WARC files as they lie in the store or in the spool, whole and in ranges
(RFC 9110, 14), so that the software of other archives can read this one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError, NotArchived
from archive.view import View
from archive.web.authority import authority_of
from archive.web.refusals import refusal_of, refuse
from archive.web.routes import PrefixRoute
from archive.web.site import site_of

PREFIX = "/warcs/"
PIECE = 4 << 20
"""Bytes that are asked of the store at once."""

NOTHING = (0, 0)

_NAME = re.compile(r"[a-z0-9_.-]{1,200}\.warc\.gz")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


async def warc(request: Request) -> Response:
    """Answer a WARC, one range of it, or what there is to know about it."""
    site = site_of(request.scope)
    name = request.scope["path"].removeprefix(PREFIX)
    is_admin = authority_of(request.scope).may("admin")
    view = site.view.everything() if is_admin else site.view
    try:
        if not _NAME.fullmatch(name):
            raise NotArchived(name[:200], "files of the archive have names such as NAME.warc.gz")
        size = await site.call(view.size, name)
        etag = f'"{name}-{size}"'
        headers = {
            "Accept-Ranges": "bytes",
            "ETag": etag,
            "Content-Type": "application/warc",
            "Content-Disposition": "attachment",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        }
        if request.headers.get("if-none-match") == etag:
            await site.call(view.check_bytes, name, 0, size)
            return Response(status_code=304, headers=headers)
        asked = request.headers.get("range")
        if asked is not None and request.headers.get("if-range", etag) != etag:
            asked = None
        found = range_of(asked or "", size)
        if found == NOTHING:
            headers["Content-Range"] = f"bytes */{size}"
            return Response(b"", 416, headers)
        start, stop = found or (0, size)
        status = 200
        if found is not None:
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        headers["Content-Length"] = str(stop - start)
        if request.method == "HEAD":
            await site.call(view.check_bytes, name, start, stop)
            return Response(b"", status, headers)
        return await site.answer(lambda: _pieces(view, name, start, stop), headers, status)
    except ArchiveError as error:
        return refuse(request, refusal_of(error))


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


def _pieces(view: View, name: str, start: int, stop: int) -> Iterator[bytes]:
    view.check_bytes(name, start, stop)
    while start < stop:
        piece = view.read(name, start, min(PIECE, stop - start))
        if not piece:
            raise NotArchived(name, "the file has become shorter")
        start += len(piece)
        yield piece


ROUTES = (PrefixRoute(PREFIX, warc),)
