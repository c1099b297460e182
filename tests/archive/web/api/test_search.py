from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.archive.web.api.conftest import NEWS
from tests.archive.web.serving import Served

SEARCH = "/api/v1/search"


def found(api: Served, words: str, more: str = "") -> dict[str, Any]:
    answer = api.get(f"{SEARCH}?q={quote(words)}{more}")
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def test_a_hit(api: Served) -> None:
    answer = found(api, "factory workers")
    (hit,) = answer["hits"]
    assert (hit["url"], hit["timestamp"]) == (NEWS, "20261122120000")
    assert hit["snippet"] == "Workers at the factory object to all night shifts. A second one."
    marked = [hit["snippet"][start:end] for start, end in hit["spans"]]
    assert marked == ["Workers", "factory"]
    assert (hit["title"], hit["date"], hit["language"]) == ("Night shifts", "2026-11-20", "en")
    assert api.client.get(hit["links"]["document"]).status_code == 200
    assert answer["next"] is None
    assert answer["facets"] is None


def test_snippets_are_text_and_no_markup(api: Served) -> None:
    answer = api.get(f"{SEARCH}?q=object+b")
    assert "<b>object</b>" in answer.json()["hits"][0]["snippet"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ("&language=en", 2),
        ("&language=EN", 2),
        ("&language=zh", 0),
        ("&source=courier", 2),
        ("&source=herald", 0),
        ("&quality=thin", 1),
        ("&from=2026-11-20&to=20261120", 2),
        ("&from=2026-11-21", 0),
        ("&to=2026-10", 0),
    ],
)
def test_filters(api: Served, more: str, number: int) -> None:
    assert len(found(api, "factory", more)["hits"]) == number


def test_words_of_a_script_without_spaces(api: Served) -> None:
    (hit,) = found(api, "工人")["hits"]
    assert [hit["snippet"][start:end] for start, end in hit["spans"]] == ["工人"]


def test_nothing_found_is_an_empty_list(api: Served) -> None:
    assert found(api, "unheard-of") == {"hits": [], "facets": None, "next": None}
    assert found(api, "!!!")["hits"] == []


def test_facets_count_pages(api: Served) -> None:
    every = "&facets=source&facets=language&facets=date&facets=quality"
    assert found(api, "factory", every)["facets"] == {
        "pages": 2,
        "whole": True,
        "source": [{"value": "courier", "pages": 2}],
        "language": [{"value": "en", "pages": 2}],
        "year": [{"value": "2026", "pages": 2}],
        "month": [{"value": "2026-11", "pages": 2}],
        "quality": [{"value": "thin", "pages": 1}, {"value": "article", "pages": 1}],
    }


def test_only_the_facets_that_are_asked_for_are_counted(api: Served) -> None:
    facets = found(api, "factory", "&facets=language")["facets"]
    assert facets["language"] == [{"value": "en", "pages": 2}]
    assert [name for name, value in facets.items() if value is None] == [
        "source",
        "year",
        "month",
        "quality",
    ]


def test_pages_of_hits(api: Served) -> None:
    whole = found(api, "factory")["hits"]
    first = found(api, "factory", "&limit=1")
    second = api.client.get(first["next"])
    assert [*first["hits"], *second.json()["hits"]] == whole
    third = api.client.get(second.json()["next"]).json()
    assert third == {"hits": [], "facets": None, "next": None}


@pytest.mark.parametrize(
    "wrong",
    ["", "?q=", "?q=a&limit=0", "?q=a&limit=101", "?q=a&limit=x", "?q=a&quality=error",
     "?q=a&facets=x", "?q=a&language=english", "?q=a&from=yesterday", "?q=a&cursor=x"],
)  # fmt: skip
def test_wrong_parameters(api: Served, wrong: str) -> None:
    answer = api.get(f"{SEARCH}{wrong}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
