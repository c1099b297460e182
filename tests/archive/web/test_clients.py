"""Clients of other web archives, as they are, against our server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archive.web.links import http_date
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import response
from tests.keeping import archive_messages
from tests.servers.clients import Clients

HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = "http://news.example.org/page"
# tests.exchanges.STARTED is 10:00 of 2026-11-22.
MESSAGES = [
    (PAGE, response(b"<p>ten</p>", HTML, b"X-Kept: yes"), 0),
    (PAGE, response(b"<p>twelve</p>", HTML), 7200),
    (PAGE, response(b"<p>gone</p>", HTML, status=b"404 Not Found"), 9000),
    (PAGE, response(b"<p>fourteen</p>", HTML), 14400),
    ("http://news.example.org/other", response(b"other", HTML), 60),
    (
        "http://news.example.org/moved",
        response(b"", b"Location: /page", status=b"302 Found"),
        0,
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("clients")
    with open_site(f"sqlite:///{folder}/index.db") as site:
        archive_messages(site.collection, *MESSAGES)
        with served(site) as running:
            yield running


def test_memento_client(server: Served, clients: Clients) -> None:
    # It asks the original page first, which a proxy that knows nothing answers for.
    found = clients.drive("memento_client", server.url, http_proxy=server.url, no_proxy="127.0.0.1")
    assert found == {
        "times": {
            "closest": "20261122120000",
            "first": "20261122100000",
            "prev": "20261122100000",
            "next": "20261122123000",
            "last": "20261122140000",
        },
        "status": 200,
        "unknown": ["original_uri", "timegate_uri"],
        "is_memento": True,
        "original": PAGE,
    }


def test_edgi_wayback(server: Served, clients: Clients) -> None:
    found = clients.drive("edgi", server.url)
    assert found["search"] == [
        ["20261122100000", 200],
        ["20261122120000", 200],
        ["20261122123000", 404],
        ["20261122140000", 200],
    ]
    assert found["prefix"] == ["http://news.example.org/other", PAGE]
    assert found["body"] == "<p>ten</p>"
    assert found["headers"]["x-kept"] == "yes"
    assert found["time"] == "20261122100000"
    assert found["url"] == PAGE
    assert {"original", "timegate", "timemap", "first memento"} & set(found["links"])
    assert found["moved"] == ["<p>ten</p>", PAGE, 1]


def test_waybackpy(server: Served, clients: Clients) -> None:
    found = clients.drive("waybackpy", server.url)
    times = ["20261122100000", "20261122120000", "20261122123000", "20261122140000"]
    assert found["all"] == times
    assert found["fine"] == [times[0], times[1], times[3]]
    assert found["near"] == times[1]
    assert found["oldest"] == times[0]
    assert found["newest"] == times[3]
    assert found["available"][0].startswith("2026-11-22 12:00:00")
    assert found["available"][1].endswith(f"/web/{times[1]}/{PAGE}")


def test_cdx_toolkit(server: Served, clients: Clients) -> None:
    found = clients.drive("cdx_toolkit", server.url)
    for dialect in ("wayback", "pywb"):
        assert found[dialect]["get"] == ["http://news.example.org/other", PAGE]
        assert found[dialect]["iterated"] == len(MESSAGES)
        assert found[dialect]["pages"] == 1
        assert found[dialect]["none"] == 0
        assert found[dialect]["content"] == [
            "<p>ten</p>",
            "<p>twelve</p>",
            "<p>gone</p>",
            "<p>fourteen</p>",
        ]
    assert found["warcs"] == found["pywb"]["content"]


def test_the_dates_of_links_are_http_dates() -> None:
    assert http_date("20261122120000") == "Sun, 22 Nov 2026 12:00:00 GMT"
