"""`/`: what the archive holds, and what a search finds in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.index import SearchHit
from archive.model import Document
from archive.timestamps import TimestampError
from archive.view import View
from archive.web.pages.asking import LAST_PAGE, PAGE_SIZE, Asked, as_url
from archive.web.pages.facets import Facets, facets_of
from archive.web.pages.rendering import render
from archive.web.site import Site, site_of
from archive.web.tallies import tallies_of

_NEWEST = 8
_CODE = re.compile("[a-z]{2,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    hits: Sequence[SearchHit]
    facets: Facets


async def front(request: Request) -> Response:
    """Results for words, the page of a URL for a URL, and else what there is."""
    site = site_of(request.scope)
    asked = Asked.of(request.query_params)
    if not asked.words:
        return await _stock(request, site)
    url = as_url(asked.words) if request.query_params.get("as") != "words" else None
    if url is not None:
        parameters = {"url": url[0]} if url[1] == "exact" else {"url": url[0], "match": url[1]}
        return RedirectResponse(f"/captures?{urlencode(parameters)}", 303)
    context: dict[str, object] = {
        "asked": asked,
        "problem": None,
        "found": None,
        "following": None,
    }
    if asked.language and not _CODE.fullmatch(asked.language):
        problem = (
            f"{asked.language[:40]!r} is not a language: give its two letters (ISO 639-1), such as "
            "en, or choose it beside the results"
        )
        return render(request, "results.html", {**context, "problem": problem}, status=400)
    try:
        found = await site.call(_search, site.view, asked)
    except TimestampError as error:
        return render(request, "results.html", {**context, "problem": str(error)}, status=400)
    seen = asked.page * PAGE_SIZE
    more = len(found.hits) == PAGE_SIZE and asked.page < LAST_PAGE
    if found.facets.whole:
        more = more and seen < found.facets.pages
    context |= {"found": found, "following": asked.address(page=asked.page + 1) if more else None}
    return render(request, "results.html", context)


def _search(view: View, asked: Asked) -> _Found:
    view = view.settled()
    query = asked.search_query()
    hits = view.search(query)
    return _Found(hits=hits, facets=facets_of(asked, tallies_of(view, query)))


async def _stock(request: Request, site: Site) -> Response:
    def work() -> Response:
        view = site.view.settled()
        stock = site.stock.of(view)
        newest = view.newest(_NEWEST, stock.begun_last)
        titled = [(capture, _title(view.document(capture))) for capture in newest]
        return render(request, "front.html", {"stock": stock, "newest": titled})

    return await site.read(work)


def _title(document: Document | None) -> tuple[str | None, str | None]:
    """Title and its language."""
    article = None if document is None else document.article
    return (None, None) if article is None else (article.title, article.language)
