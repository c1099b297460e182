"""`/cdx/search/cdx` and `/cdx`: the index as the CDX servers of the Wayback Machine and of pywb
answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveError, NotArchived
from archive.view import View
from archive.web.cdx.dialects import PYWB, WAYBACK, Dialect
from archive.web.cdx.forms import media_type, written
from archive.web.cdx.parameters import CdxRequest, read_request
from archive.web.cdx.search import blocks_of, cut, search
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
        return await site.answer(
            partial(pieces, site.view, asked, site.base_url(request.scope)),
            {"Content-Type": media_type(asked), "Vary": "Accept-Encoding"},
            gzip=asked.gzip and accepts(request.headers.get("accept-encoding", ""), "gzip"),
            reads=asked.resolve_revisits,
            gone=request.is_disconnected,
        )
    except ArchiveError as error:
        # Whatever they ask for, clients look for the reason in JSON.
        return refuse(request, refusal_of(error), as_json=True)


def pieces(view: View, asked: CdxRequest, base: str) -> Iterator[bytes]:
    """The answer, piece by piece; an empty one where it takes long. `base`: address of the server.

    Raises ParameterError, NotArchived.
    """
    known = 0
    if asked.number_of_pages or asked.blocks_only or asked.page is not None:
        for count in cut(view, asked):
            known = count
            yield b""
    if asked.number_of_pages:
        yield _number_of_pages(asked, known)
    elif asked.blocks_only:
        for number, place in blocks_of(view, asked, known):
            if view.may_name(asked.about, place):
                yield f"{place[0]} {place[1]}\t{number}\n".encode()
    elif asked.page is None or asked.dialect.wayback:
        yield from written(search(view, asked), asked, base)
    else:
        yield from _never_empty(written(search(view, asked), asked, base), asked)


def _never_empty(answer: Iterator[bytes], asked: CdxRequest) -> Iterator[bytes]:
    """A page without lines would be taken for the end of all pages."""
    empty = True
    for piece in answer:
        empty = empty and not piece
        yield piece
    if empty:
        raise NotArchived(asked.about.url, f"page {asked.page} has no capture that passes")


def _number_of_pages(asked: CdxRequest, blocks: int) -> bytes:
    pages = -(-blocks // asked.page_size)
    if asked.dialect.wayback:
        return f"{pages}\n".encode()
    return f'{{"pages": {pages}, "pageSize": {asked.page_size}, "blocks": {blocks}}}\n'.encode()


ROUTES = (
    ExactRoute((PYWB.path, f"{PYWB.path}/"), pywb),
    ExactRoute((WAYBACK.path,), wayback),
)
