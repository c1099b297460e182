"""What the page around an archived one says of it; that it is shown, is tested with the replay."""

from __future__ import annotations

import pytest

from tests.archive.web.pages.library import FRONT, GONE, HOSTILE, RUSSIAN, STRIKE
from tests.archive.web.pages.looking import at, opened, texts
from tests.archive.web.serving import Served


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (f"20261122100000/{STRIKE}", "Miners strike at Verhold - as archived 2026-11-22"),
        (f"20270101100000/{STRIKE}", "Miners end strike at Verhold - as archived 2027-01-01"),
        (f"20261122130000/{RUSSIAN}", "Забастовка горняков в Верхольде - as archived 2026-11-22"),
        (
            f"20261122140000/{HOSTILE}",
            "<script>alert('title')</script> & \"quotes\" - as archived 2026-11-22",
        ),
        (f"20261122110000/{FRONT}", f"{FRONT} - as archived 2026-11-22"),
    ],
)
def test_it_has_the_title_of_the_page_where_there_is_one(
    pages: Served, path: str, title: str
) -> None:
    assert texts(opened(pages, f"/web/{path}"), "title") == [f"{title} · Pressmark"]


@pytest.mark.parametrize(("url", "stamp"), [(GONE, "20261122130000"), (STRIKE, "20261122100000")])
def test_a_status_looks_as_it_does_in_lists(pages: Served, url: str, stamp: str) -> None:
    # An error is told as one to programs, too.
    path = f"/web/{stamp}/{url}"
    (shown,) = opened(pages, path, 410 if url == GONE else 200).cssselect("#banner p .tag")
    listed = opened(pages, at("/captures", url=url)).cssselect("table.captures td > .tag")
    classes = {tag.get("class") for tag in listed if tag.text == shown.text}
    assert classes == {shown.get("class")}
