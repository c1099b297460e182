"""Every address that is answered has a row in the table of paths, with what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from archive.web.api.models import API
from archive.web.guard import login
from archive.web.guard.guarding import ROUTES as METRICS
from archive.web.guard.paths import changes, counted, needed, path_of
from archive.web.pages.routes import ROUTES as PAGES
from archive.web.site import Site
from tests.archive.web.serving import open_site, served

LOOKING = {"get", "head", "options"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty one."""
    with open_site(f"sqlite:///{tmp_path}/index.db") as opened:
        yield opened


def test_pages_have_rows() -> None:
    routes = [route for route in (*PAGES, *METRICS, *login.ROUTES) if isinstance(route, Route)]
    assert len(routes) > 10
    Starlette(routes=routes)
    assert [route.path for route in routes if path_of(route.path).route == "other"] == []
    for route in routes:
        for method in (route.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            scope = needed(path_of(route.path), method)
            assert (route.path in ("/login", "/logout")) == (scope is None)
            assert scope in ("save", "admin", None), (method, route.path)


def test_operations_of_the_api_have_rows_and_none_changes_anything_for_readers(site: Site) -> None:
    with served(site) as server:
        document = server.get(f"{API}/openapi.json").json()
    base = document["servers"][0]["url"] if document.get("servers") else ""
    paths = {path if path.startswith(API) else f"{API}{path}": value
             for path, value in document["paths"].items()}  # fmt: skip
    assert len(paths) > 8, base
    for path, operations in paths.items():
        row = path_of(path)
        assert row.route != "other"
        for method in operations.keys() & {"post", "put", "patch", "delete"}:
            assert needed(row, method.upper()) in ("save", "admin"), (method, path)


@pytest.mark.parametrize(
    ("path", "method", "scope", "acts", "rate"),
    [
        ("/save", "GET", "save", False, None),
        ("/save", "POST", "save", True, "save"),
        ("/save/http://x.org/", "GET", "save", True, "save"),
        ("/save/http://x.org/", "HEAD", "save", True, "save"),
        ("/save/status", "POST", "save", True, None),
        ("/save/status/x", "GET", "save", False, None),
        # What only begins like a status is a URL to save.
        ("/save/status.example.org/", "GET", "save", True, "save"),
        ("/save/statusx", "POST", "save", True, "save"),
        ("/savestatus", "GET", "read", False, None),
        ("/api/v1/jobs", "POST", "save", True, "save"),
        ("/api/v1/jobs/x", "DELETE", "save", True, "save"),
        ("/api/v1/restrictions", "GET", "admin", False, None),
        ("/web/2026/http://x.org/", "GET", "read", False, None),
        ("/web/2026/http://x.org/", "POST", "read", True, None),
        ("/something/new", "GET", "read", False, None),
        ("/something/new", "POST", "admin", True, None),
        ("/health", "GET", None, False, None),
        ("/robots.txt", "GET", None, False, None),
        ("/", "GET", "read", False, "search"),
    ],
)
def test_rows(path: str, method: str, scope: str | None, acts: bool, rate: str | None) -> None:
    row = path_of(path)
    assert needed(row, method) == scope
    assert changes(row, method) == acts
    assert counted(row, method, b"q=words") == rate


@pytest.mark.parametrize(
    ("path", "query", "rate"),
    [
        ("/", b"q=words", "search"),
        ("/", b"%71=words", "search"),
        ("/", b"a=1&q", "search"),
        ("/", b"", None),
        ("/", b"faq=1", None),
        ("/api/v1/search", b"words", "search"),
        ("/web/2026/http://x.org/", b"q=words", None),
        ("/api/v1/versions", b"url=x.org", "search"),
        ("/api/v1/diff", b"url=x.org", "search"),
        ("/api/v1/sources", b"", "search"),
        ("/sources/courier", b"", "search"),
        ("/captures", b"url=x.org&changes=1", "search"),
        ("/diff", b"url=x.org", "search"),
        ("/api/v1/captures", b"url=x.org", None),
    ],
)
def test_what_is_searched_for_is_counted(path: str, query: bytes, rate: str | None) -> None:
    assert counted(path_of(path), "GET", query) == rate
