"""`/document?url=&at=`: the text of a capture, where it comes from, and how to cite it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archive.documents import count_words, text_digest
from archive.errors import ArchiveError
from archive.model import Article, Capture, Document
from archive.timestamps import parse_time
from archive.view import View
from archive.web import links
from archive.web.api.documents import Provenance
from archive.web.pages.citation import FORMS, Cited
from archive.web.pages.rendering import render
from archive.web.raw import saved_as
from archive.web.refusals import Refusal, refusal_of, refuse
from archive.web.site import Site, site_of
from archive.web.targets import repaired


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    view: View  #: settled
    capture: Capture
    document: Document | None


def _find(request: Request, view: View) -> _Found:
    """What a request asks for. Raises ArchiveError."""
    view = view.settled()
    url = repaired(request.query_params.get("url", "").strip())
    at = request.query_params.get("at", "").strip()
    capture = view.find(url, at=parse_time(at) if at else None)
    return _Found(view=view, capture=capture, document=view.document(capture))


async def document(request: Request) -> Response:
    """The page of a capture's text."""
    if not request.query_params.get("url", "").strip():
        return RedirectResponse("/", 303)
    site = site_of(request.scope)
    try:
        return await site.read(_page, request, site)
    except ArchiveError as error:
        return refuse(request, refusal_of(error))


def _page(request: Request, site: Site) -> Response:
    """Raises ArchiveError."""
    found = _find(request, site.view)
    capture = found.capture
    memento = found.view.open(capture)
    around = found.view.neighbours(capture.url, capture.timestamp)
    cited = _cited(site, request, found)
    article = None if found.document is None else found.document.article
    context = {
        "capture": capture,
        "document": found.document,
        "article": article,
        "paragraphs": _paragraphs(article) if article else (),
        "words": count_words(article.text) if article else 0,
        "text_digest": text_digest(article.text) if article and article.text else None,
        "provenance": Provenance.of(memento, found.document.run if found.document else ""),
        "location": memento.location,
        "previous": around.previous,
        "next": around.next,
        "permalink": cited.permalink,
        "citations": [
            (form, name, FORMS[form][2](cited).strip(), _cite(capture, form))
            for form, name in (("apa", "APA"), ("bibtex", "BibTeX"), ("ris", "RIS"))
        ],
    }
    return render(request, "document.html", context)


async def cite(request: Request) -> Response:
    """A reference as a file: `form` is apa, bibtex or ris."""
    form = request.query_params.get("form", "apa")
    if form not in FORMS:
        detail = f"references come as {', '.join(FORMS)}: give one of them as form"
        return refuse(request, Refusal(status=400, detail=detail))
    site = site_of(request.scope)
    try:
        # The record is not opened: what is damaged can be cited all the same.
        found = await site.read(_find, request, site.view)
    except ArchiveError as error:
        return refuse(request, refusal_of(error))
    media_type, suffix, write = FORMS[form]
    text = write(_cited(site, request, found))
    headers = {**saved_as(found.capture, suffix), "Content-Type": media_type}
    return Response(text.encode(), headers=headers)


def _cite(capture: Capture, form: str) -> str:
    return f"/cite?{urlencode({'url': capture.url, 'at': capture.timestamp, 'form': form})}"


def _paragraphs(article: Article) -> Sequence[str]:
    """Without a first one that is the title, which stands above the text."""
    lines = [line for line in article.text.split("\n") if line.strip()]
    if lines and article.title and " ".join(lines[0].split()) == " ".join(article.title.split()):
        return lines[1:]
    return lines


def _cited(site: Site, request: Request, found: _Found) -> Cited:
    capture = found.capture
    make = partial(
        Cited,
        url=capture.url,
        permalink=links.memento(site.base_url(request.scope), capture.url, capture.timestamp),
        timestamp=capture.timestamp,
    )
    if found.document is None:
        return make(title=None, authors=(), date=None, site=None, language=None)
    article = found.document.article
    return make(
        title=article.title,
        authors=article.authors,
        date=found.document.date,
        site=article.site,
        language=article.language,
    )
