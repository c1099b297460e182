"""`/cdx/search/cdx` and `/cdx`: the index as the CDX servers of the Wayback Machine and of pywb
answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archive.errors import ArchiveError, NotArchived
from archive.view import View
from archive.web.cdx.dialects import PYWB, WAYBACK, Dialect
from archive.web.cdx.forms import media_type, written
from archive.web.cdx.parameters import CdxRequest, read_request
from archive.web.cdx.search import blocks_of, pages_of, search
from archive.web.raw import accepts
from archive.web.refusals import refusal_of, refuse
from archive.web.routes import ExactRoute
from archive.web.site import site_of


async def wayback(request: Request) -> Response:
    """Answer in the dialect of the Wayback Machine."""
    return await _answer(request, WAYBACK)


async def pywb(request: Request) -> Response:
    """Answer in the dialect of pywb."""
    return await _answer(request, PYWB)


async def _answer(request: Request, dialect: Dialect) -> Response:
    site = site_of(request.scope)
    try:
        asked = read_request(request.scope["query_string"], dialect)
        answer = await site.answer(
            partial(pieces, site.view, asked, site.base_url(request.scope)),
            {
                "Content-Type": media_type(asked),
                "X-Content-Type-Options": "nosniff",
                "Vary": "Accept-Encoding",
            },
            gzip=asked.gzip and accepts(request.headers.get("accept-encoding", ""), "gzip"),
            gone=request.is_disconnected,
        )
    except ArchiveError as error:
        # Whatever they ask for, clients look for the reason in JSON.
        return refuse(request, refusal_of(error), as_json=True)
    if request.method == "HEAD" and isinstance(answer, StreamingResponse):
        head = Response()
        head.raw_headers = answer.raw_headers
        return head
    return answer


def pieces(view: View, asked: CdxRequest, base: str) -> Iterator[bytes]:
    if asked.number_of_pages:
        yield _number_of_pages(view, asked)
        return
    if asked.blocks_only:
        for number, place in blocks_of(view, asked):
            yield f"{place[0]} {place[1]}\t{number}\n".encode()
        return
    pieces = written(search(view, asked), asked, base)
    if asked.page is None or asked.dialect.wayback:
        yield from pieces
        return
    empty = True
    for piece in pieces:
        empty = empty and not piece
        yield piece
    if empty:
        # An empty page that is no error would be the last one.
        raise NotArchived(asked.about.url, f"page {asked.page} has no capture that passes")


def _number_of_pages(view: View, asked: CdxRequest) -> bytes:
    blocks, pages = pages_of(view, asked)
    if asked.dialect.wayback:
        return f"{pages}\n".encode()
    return f'{{"pages": {pages}, "pageSize": {asked.page_size}, "blocks": {blocks}}}\n'.encode()


ROUTES = (
    ExactRoute((PYWB.path, f"{PYWB.path}/"), pywb),
    ExactRoute((WAYBACK.path,), wayback),
)
