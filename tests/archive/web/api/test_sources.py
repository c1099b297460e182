from __future__ import annotations

from tests.archive.web.serving import Served

SOURCES = "/api/v1/sources"


def test_what_is_followed_comes_with_what_there_is(api: Served) -> None:
    courier, herald = api.get(SOURCES).json()["sources"]
    assert courier["name"] == "courier"
    assert courier["following"] == {
        "seeds": ["https://news.example.org/"],
        "feeds": ["https://news.example.org/feed"],
        "sitemaps": [],
        "sections": [],
        "schedule": "every 2h",
    }
    assert (courier["segments"], courier["captures"], courier["documents"]) == (1, 9, 5)
    assert courier["health"] == {
        "captures": 9,
        "newest": "20261122130000",
        "newest_datetime": "2026-11-22T13:00:00Z",
        "newest_ok": "20261122120000",
        "statuses": {"200": 6, "404": 1, "503": 1, "301": 1},
        "errors": 2,
    }
    assert herald["captures"] == 0
    assert herald["health"]["newest"] is None


def test_one_source_names_its_last_errors(api: Served) -> None:
    listed, _ = api.get(SOURCES).json()["sources"]
    courier = api.get(f"{SOURCES}/courier").json()
    errors = courier.pop("last_errors")
    assert courier == listed
    assert [(error["status"], error["timestamp"]) for error in errors] == [
        (404, "20261122130000"),
        (503, "20261122100045"),
    ]
    assert api.get(f"{SOURCES}/herald").json()["last_errors"] == []


def test_an_unknown_source(api: Served) -> None:
    answer = api.get(f"{SOURCES}/nobody")
    assert answer.status_code == 404
    assert "'nobody'" in answer.json()["detail"]
