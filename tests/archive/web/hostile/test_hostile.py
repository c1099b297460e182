"""Whatever is sent to whatever address: no defect of the server, nothing told of its inside, and
nothing that was sent comes back as markup."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.jobs import ARCHIVE, Limits
from archive.web.site import Site, WebSettings
from crawler.jobs.local import LocalQueue
from tests.archive.web.api.conftest import FOLLOWED, fill
from tests.archive.web.hostile.places import (
    HEADED,
    PATHS,
    POSTS,
    QUERIES,
    REPLAY,
    Place,
    addresses,
    places,
)
from tests.archive.web.hostile.strings import OURS, as_bytes, naughty, urls
from tests.archive.web.hostile.wire import Answer, Wire
from tests.archive.web.save.told import Told
from tests.archive.web.serving import Served, served, stored_site

Corpus = Callable[[Path], Iterator[str | bytes]]

_MARKUP = (b"<script", b"<img", b"<svg", b"onerror=", b"onload=", b"<b>", b"</title><")
_INSIDE = (b"Traceback (most recent", b'File "/', b"site-packages", b"sqlalchemy", b"sqlite3.")
_ACTIVE = ("html", "xml", "svg", "javascript")
_NOT_READ = (b"Invalid HTTP request received.", b"")
"""What the HTTP server says itself of what is no request."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Of the same collection as the tests of the API, without limits to how often it is asked."""
    home = tmp_path_factory.mktemp("home")
    fill(home)
    archiving = Told()
    archiving.go.set()
    with stored_site(
        home,
        sources=FOLLOWED,
        settings=WebSettings(search_rate=0, save_rate=0),
        jobs=LocalQueue({ARCHIVE: archiving}, Limits(waiting=1_000_000, running=1)),
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Served]:
    """The server."""
    with served(site) as running:
        yield running


@pytest.fixture(scope="module")
def everywhere(server: Served) -> list[Place]:
    """All places of the server."""
    port = int(server.url.rpartition(":")[2])
    return places(server.get("/api/v1/openapi.json").json(), port)


@pytest.fixture
def wire(server: Served) -> Iterator[Wire]:
    """A connection to it."""
    opened = Wire(int(server.url.rpartition(":")[2]))
    yield opened
    opened.close()


def faults(text: bytes, answer: Answer) -> Iterator[str]:
    """What is wrong with an answer to a request that has the text in it."""
    if answer.status >= 500:
        yield f"status {answer.status}: {answer.body[:300]!r}"
    if "x-injected" in answer.headers:
        yield "a header came in"
    if any(inside in answer.body for inside in _INSIDE):
        yield f"it tells of its inside: {answer.body[:300]!r}"
    kind = answer.headers.get_content_type()
    if answer.body in _NOT_READ or 300 <= answer.status < 400:
        return
    if any(active in kind for active in _ACTIVE):
        sent = text.lower()
        if any(markup in sent and sent in answer.body.lower() for markup in _MARKUP):
            yield "markup comes back"
        if "content-security-policy" not in answer.headers and "html" in kind:
            yield "a page without a policy"
    elif answer.headers.get("x-content-type-options") != "nosniff":
        yield f"{kind} without nosniff"


def tell(place: Place, text: bytes, wire: Wire) -> Iterator[str]:
    answer = wire.send(place.method, place.target(text), place.headers(text), place.body(text))
    for fault in faults(text, answer):
        yield f"{place.name} with {text[:80]!r}: {fault}"


def test_every_address_is_among_the_places(site: Site) -> None:
    known = {*PATHS, *QUERIES, *POSTS, *REPLAY, *HEADED, "/api/v1"}
    # Files that are as they are, whatever is asked.
    known |= {"/robots.txt", "/sw.js", "/wrapper.js", "/wrapper.css"}
    by_others = {"/jobs/{job}", "/sources/{name}", "/jobs/{job}/cancel", "/jobs/{job}/retry"}
    assert addresses(site) - known == by_others


def test_our_corpus(everywhere: list[Place], wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Each place with every sixteenth text, so that each text comes to several places."""
    caplog.set_level(logging.ERROR)
    found = [
        fault
        for number, place in enumerate(everywhere)
        for text in OURS[number % 16 :: 16]
        for fault in tell(place, as_bytes(text), wire)
    ]
    assert not found, "\n".join(found[:40])
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.slow  # a minute
def test_our_corpus_everywhere(everywhere: list[Place], wire: Wire) -> None:
    found = [
        fault
        for place in everywhere
        for text in OURS
        for fault in tell(place, as_bytes(text), wire)
    ]
    assert not found, "\n".join(found[:40])


@pytest.mark.slow  # minutes
@pytest.mark.parametrize("corpus", [naughty, urls])
def test_corpora_of_others(
    corpus: Callable[[Path], Iterator[str | bytes]],
    everywhere: list[Place],
    wire: Wire,
    shared: Path,
) -> None:
    vectors = shared / "data/vectors"
    if not vectors.is_dir():
        pytest.skip("needs the test vectors")
    texts = list(corpus(vectors))
    assert len(texts) > 500
    found = [
        fault
        for number, place in enumerate(everywhere)
        for text in texts[number % 8 :: 8]
        for fault in tell(place, as_bytes(text), wire)
    ]
    assert not found, "\n".join(found[:40])
