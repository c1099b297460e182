from __future__ import annotations

import pytest

from archive.web.api.sources import Health, SourceModel
from archive.web.pages.sources import condition
from tests.archive.web.pages.library import GONE
from tests.archive.web.pages.looking import at, links, opened, texts
from tests.archive.web.serving import Served


def test_sources_are_listed_with_their_health(pages: Served) -> None:
    page = opened(pages, "/sources")
    rows = {
        row[0].text_content(): [" ".join(cell.text_content().split()) for cell in row[1:]]
        for row in page.cssselect("tbody tr")
    }
    assert list(rows) == ["lantern", "silent", "akhbar", "vesti", "xinwen"]
    assert rows["lantern"] == ["1 of the last 9 failed", "2027-01-01 10:00", "9", "5", "every 2h"]
    assert rows["silent"] == ["nothing captured yet", "–", "0", "0", "by hand"]
    assert rows["vesti"][-1] == "not followed"


def test_a_source_tells_what_failed_and_where_it_is_looked_for(pages: Served) -> None:
    page = opened(pages, links(opened(pages, "/sources"))["lantern"])
    assert texts(page, "h1") == ["lantern"]
    assert links(page)[GONE] == at("/captures", url=GONE)
    assert "https://news.example.org/" in links(page)
    silent = opened(pages, "/sources/silent")
    assert texts(silent, ".notice") == ["Nothing of it has been captured yet."]
    assert texts(opened(pages, "/sources/unknown", 404), "h1") == ["There is nothing here"]


def source(errors: int, captures: int, ok: str | None) -> SourceModel:
    health = Health(
        captures=captures,
        newest=None,
        newest_datetime=None,
        newest_ok=ok,
        statuses={},
        errors=errors,
    )
    return SourceModel(name="a", following=None, segments=0, captures=0, documents=0, health=health)


@pytest.mark.parametrize(
    ("errors", "captures", "ok", "grave"),
    [
        (0, 0, None, ""),
        (0, 9, "20261122100000", "good"),
        (1, 9, "20261122100000", "warn"),
        (5, 9, "20261122100000", "bad"),
        (9, 9, None, "bad"),
    ],
)
def test_how_grave_failures_are(errors: int, captures: int, ok: str | None, grave: str) -> None:
    assert condition(source(errors, captures, ok))[1] == grave
