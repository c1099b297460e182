"""What is withheld is in no answer of the API, and comes back when that has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.archive.restrictions.deciding import REASON, withhold
from tests.archive.web.api.conftest import MOVED, NEWS, filled
from tests.archive.web.serving import Served

ESCAPED = quote(NEWS, safe="")
LISTS = {
    "/api/v1/captures?url=example.org&match=domain": "captures",
    "/api/v1/search?q=workers": "hits",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    """A server of this test alone."""
    with filled(tmp_path) as running:
        yield running


def test_a_page_that_is_withheld(server: Served) -> None:
    before = {path: len(server.get(path).json()[name]) for path, name in LISTS.items()}
    withhold(server.site.collection, url=NEWS)
    for path in (
        f"/api/v1/captures/2026/{NEWS}",
        f"/api/v1/captures/warc?url={ESCAPED}",
        f"/api/v1/documents?url={ESCAPED}",
        f"/api/v1/documents/text?url={ESCAPED}",
        f"/api/v1/versions?url={ESCAPED}",
        f"/api/v1/diff?url={ESCAPED}",
    ):
        answer = server.get(path)
        assert answer.status_code == 451, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert REASON not in answer.text
    after = {path: len(server.get(path).json()[name]) for path, name in LISTS.items()}
    assert [before[path] - after[path] for path in LISTS] == [3, 1]
    assert server.get(f"/api/v1/captures?url={ESCAPED}").json()["captures"] == []
    facets = server.get("/api/v1/search?q=workers&facets=source").json()["facets"]
    assert facets["pages"] == 0
    errors = server.get("/api/v1/sources/courier").json()["last_errors"]
    assert [error["url"] for error in errors] == ["https://news.example.org/feed"]


def test_a_redirect_to_what_is_withheld_has_no_document(server: Served) -> None:
    withhold(server.site.collection, url=NEWS)
    assert server.get(f"/api/v1/captures/2026/{MOVED}").status_code == 200
    assert server.get(f"/api/v1/documents?url={quote(MOVED, safe='')}").status_code == 404


def test_one_version_that_is_withheld_leaves_the_other(server: Served) -> None:
    withhold(server.site.collection, url=NEWS, end="20261122110000")
    (hit,) = server.get("/api/v1/search?q=workers").json()["hits"]
    assert hit["timestamp"] == "20261122120000"
    document = server.get(f"/api/v1/documents?url={ESCAPED}&at=20261122100000").json()
    assert document["capture"]["timestamp"] == "20261122120000"
