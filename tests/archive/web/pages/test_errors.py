"""What people see instead of a page; clients of other kinds are told as before."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from archive.errors import (
    ArchiveError,
    IndexUnavailable,
    NotArchived,
    RecordError,
    StoreUnavailable,
    UrlError,
    Withheld,
)
from archive.restrictions.model import Restriction
from archive.timestamps import now
from archive.web.pages.filters import sentence
from archive.web.refusals import HANDLERS, Refusal, refuse
from tests.archive.web.pages.looking import links, parsed, texts
from tests.archive.web.serving import running

HTML = {"Accept": "text/html"}
SECRET = "a witness; postgresql://user:password@db"
WITHHELD = Restriction(id="1", created=now(), reason=SECRET, url="http://a.example/")

ERRORS: dict[str, tuple[ArchiveError, int, str]] = {
    "unknown": (NotArchived("http://a.example/<b>"), 404, "Not in the archive"),
    "url": (UrlError("'<b>' is no URL"), 400, "That cannot be looked up"),
    "withheld": (Withheld("http://a.example/", (WITHHELD,)), 451, "Withheld"),
    "record": (RecordError(SECRET), 502, "The archive's copy cannot be shown"),
    "index": (IndexUnavailable(SECRET), 503, "The archive cannot be read now"),
    "store": (StoreUnavailable(SECRET), 503, "The archive cannot be read now"),
}
STATUSES = {
    401: "Please sign in",
    403: "You may not do that",
    413: "That is too much at once",
    429: "Too many requests",
    418: "That did not work",
}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """Of a server that raises what the path says."""

    async def fail(request: Request) -> Response:
        raise ERRORS[request.path_params["name"]][0]

    async def refused(request: Request) -> Response:
        status = int(request.path_params["status"])
        return refuse(request, Refusal(status=status, detail="because of <b>"))

    app = Starlette(
        routes=[Route("/error/{name}", fail), Route("/status/{status}", refused)],
        exception_handlers=dict(HANDLERS),
    )
    with running(app) as url, httpx.Client(base_url=url, timeout=60) as client:
        yield client


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_a_page_that_tells_nothing_of_ours(client: httpx.Client, name: str) -> None:
    _, status, heading = ERRORS[name]
    response = client.get(f"/error/{name}", headers=HTML)
    assert response.status_code == status
    page = parsed(response)
    assert texts(page, "h1") == [heading]
    assert SECRET not in response.text
    assert "<b>" not in response.text
    assert response.headers["cache-control"] == "no-store"
    assert ("retry-after" in response.headers) == (status == 503)
    assert texts(page, "main .lead")[0].endswith(".")


def test_a_sentence_that_begins_with_a_url_leaves_it_as_it_is(client: httpx.Client) -> None:
    (lead,) = texts(parsed(client.get("/error/withheld", headers=HTML)), "main .lead")
    assert lead.startswith("http://a.example/")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("because of it", "Because of it."),
        ("limit: too many!", "Limit: too many!"),
        ("the archive's copy is gone.", "The archive's copy is gone."),
        ("archive's copy", "Archive's copy."),
        ("https://example.org/ is withheld", "https://example.org/ is withheld."),
        ("localhost:8080/a is withheld", "localhost:8080/a is withheld."),
        ("news-2026.warc.gz is withheld", "news-2026.warc.gz is withheld."),
        ("page=3 is behind the last one", "page=3 is behind the last one."),
        ("query.url: it is missing", "query.url: it is missing."),
        ("'x' is no URL", "'x' is no URL."),
    ],
)
def test_only_words_get_a_capital(told: str, shown: str) -> None:
    assert sentence(told) == shown


@pytest.mark.parametrize("status", STATUSES)
def test_a_refusal_is_a_page_with_a_way_on(client: httpx.Client, status: int) -> None:
    page = parsed(client.get(f"/status/{status}", headers=HTML))
    assert texts(page, "h1") == [STATUSES[status]]
    assert texts(page, "main .lead") == ["Because of <b>."]
    assert links(page)["Search the archive"] == "/"
    assert ("Sign in" in links(page)) == (status == 401)


def test_programs_are_told_in_their_own_form(client: httpx.Client) -> None:
    json = client.get("/error/unknown", headers={"Accept": "application/json"})
    assert json.json()["status"] == 404
    assert client.get("/error/unknown").headers["content-type"].startswith("text/plain")
