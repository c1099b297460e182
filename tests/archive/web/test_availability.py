"""`/wayback/available`, in the shape that clients of the Wayback Machine read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive.index.samples import SEGMENT, capture
from tests.archive.web.serving import Served, open_site, served

URL = "https://example.org/news?id=7"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        site.collection.index.add_segment(SEGMENT)
        site.collection.index.commit([
            capture(URL, timestamp=f"20{year}0101000000", offset=year) for year in (24, 25, 26)
        ])  # fmt: skip
        with served(site) as running:
            yield running


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [(None, "2026"), ("20250301", "2025"), ("2025", "2025"), ("1", "2024"), ("2099", "2026")],
)
def test_the_nearest(server: Served, timestamp: str | None, expected: str) -> None:
    asked = {"url": URL} | ({} if timestamp is None else {"timestamp": timestamp})
    answer = server.client.get(f"{server.url}/wayback/available", params=asked)
    assert answer.headers["content-type"] == "application/json"
    found = f"{expected}0101000000"
    assert answer.json() == asked | {
        "archived_snapshots": {
            "closest": {
                "status": "200",
                "available": True,
                "url": f"{server.url}/web/{found}/{URL}",
                "timestamp": found,
            }
        }
    }
    redirect = server.client.get(f"{server.url}/web/{expected}/{URL}")
    assert (redirect.status_code, redirect.headers["location"]) == (
        302,
        f"{server.url}/web/{found}/{URL}",
    )


def test_none(server: Served) -> None:
    answer = server.get("/wayback/available?url=nothing.example")
    assert answer.json() == {"url": "nothing.example", "archived_snapshots": {}}


@pytest.mark.parametrize(
    "query",
    ["", "url=", "url=ftp://x/", f"url={URL}&timestamp=now", f"url={URL}&timestamp={'1' * 15}"],
)
def test_refusals(server: Served, query: str) -> None:
    answer = server.get(f"/wayback/available?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"]
