from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import html

from archive.index import CaptureQuery
from archive.restrictions.objects import new_restriction
from archive.web.pages.calendars import by_year, months_of
from tests.archive.index.samples import capture
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.pages.conftest import site
from tests.archive.web.pages.library import (
    ARABIC,
    FRONT,
    GONE,
    HOSTILE,
    MOVED,
    STRIKE,
    UNKNOWN,
    Kept,
    fill,
)
from tests.archive.web.pages.looking import at, links, opened, texts
from tests.archive.web.serving import Served, served
from tests.exchanges import page as page_message


def test_the_page_of_an_address_lists_its_captures_with_what_changed(pages: Served) -> None:
    page = opened(pages, at("/captures", url=STRIKE))
    assert texts(page, "h1") == [STRIKE]
    rows = [
        [" ".join(cell.text_content().split()) for cell in row][2:5]
        for row in page.cssselect("table.captures tbody tr")
    ]
    assert [row[0] for row in rows] == [
        "2027-01-01 10:00:00",
        "2026-11-22 16:00:00",
        "2026-11-22 15:00:00",
        "2026-11-22 10:00:00",
    ]
    assert [row[1] for row in rows] == ["200"] * 4
    changes = [set(row[2].split()) for row in rows]
    assert changes[1:] == [set(), {"correction"}, {"first"}]
    assert "headline" in changes[0]


def test_each_capture_can_be_opened_in_every_form(pages: Served) -> None:
    page = opened(pages, at("/captures", url=STRIKE))
    found = links(page, "table.captures")
    assert found["2026-11-22 10:00:00"] == f"/web/20261122100000/{STRIKE}"
    assert found["text of 2026-11-22 10:00"] == at("/document", url=STRIKE, at="20261122100000")
    assert found["raw of 2026-11-22 10:00"] == f"/web/20261122100000id_/{STRIKE}"
    for address in found.values():
        assert pages.get(address).status_code == 200


def test_two_captures_are_chosen_to_be_compared(pages: Served) -> None:
    page = opened(pages, at("/captures", url=STRIKE))
    (form,) = page.cssselect("main form")
    chosen = {radio.get("name"): radio.get("value") for radio in form.cssselect("input[checked]")}
    assert chosen == {"from": "20261122150000", "to": "20270101100000"}, "the last two versions"
    assert form.get("action") == "/diff"
    values = dict(form.form_values())
    opened(pages, at("/diff", url=values["url"], from_=values["from"], to=values["to"]))


def test_the_calendar_marks_days(pages: Served) -> None:
    page = opened(pages, at("/captures", url=STRIKE, year="2026"))
    assert texts(page, ".month caption") == ["November"]
    (day,) = page.cssselect(".month a")
    assert " ".join(day.text_content().split()) == "22 November: 3 captures, changed"
    (row,) = page.cssselect(day.get("href"))
    assert row.tag == "tr"
    assert list(links(page, ".years").items())[1][0].startswith("2027 1")
    (gone,) = opened(pages, at("/captures", url=GONE)).cssselect(".month a")
    assert "failed" in gone.get("class").split()
    (moved,) = opened(pages, at("/captures", url=MOVED)).cssselect(".month a")
    assert "moved" in moved.get("class").split()


def test_days_that_there_are_not_are_in_no_calendar() -> None:
    odd = [
        capture(timestamp="20260230000000"),
        capture(timestamp="20260301000000", status=404),
        capture(timestamp="20260301120000", status=301),
    ]
    assert by_year([*odd, capture(timestamp="20280101000000")]) == [(2026, 3), (2027, 0), (2028, 1)]
    months = months_of(odd, 2026, {"20260301120000"})
    assert [month.captures for month in months] == [0, 0, 2, *[0] * 9]
    (day,) = months[2].days.values()
    assert (day.number, day.captures, day.state, day.changed) == (1, 2, "moved", True)
    assert sum(bool(number) for week in months[1].weeks for number in week) == 28


@pytest.mark.parametrize("url", [HOSTILE, ARABIC])
def test_odd_addresses_stay_whole(pages: Served, url: str) -> None:
    response = pages.get(at("/captures", url=url))
    assert response.status_code == 200
    page = opened(pages, at("/captures", url=url))
    assert texts(page, "h1") == [url]
    assert "<script>?" not in response.text
    for address in links(page, "table.captures").values():
        assert pages.get(address).status_code == 200, address


def test_what_is_below_an_address(pages: Served) -> None:
    page = opened(pages, at("/captures", url="news.example.org", match="host"))
    assert set(links(page, "#below")) == {
        FRONT,
        STRIKE,
        HOSTILE,
        MOVED,
        GONE,
        "https://news.example.org/strike.png",
    }
    assert "4 captures 2026-11-22 10:00 to 2027-01-01 10:00" in texts(page, "#below .meta")
    prefix = opened(pages, at("/captures", url="https://news.example.org/2026", match="prefix"))
    assert set(links(prefix, "#below")) == {STRIKE}
    nothing = opened(pages, at("/captures", url="nowhere.example", match="domain"))
    assert texts(nothing, "#below .notice") == ["Nothing of it is in the archive."]


def test_what_is_below_comes_page_by_page(tmp_path: Path) -> None:
    kept = [
        Kept(url=f"https://many.example/{number:02d}", message=page_message(), hours=number + again)
        for number in range(55)
        for again in (0, 0.5)
    ]
    fill(tmp_path, kept)
    many = site(tmp_path, None)
    try:
        with served(many) as running:
            first = opened(running, at("/captures", url="many.example", match="host"))
            assert len(texts(first, "#below li")) == 50
            second = opened(running, links(first)["Next"])
            assert texts(second, "#below li a") == [
                f"https://many.example/{number}" for number in range(50, 55)
            ]
            assert "Next" not in links(second)
            assert links(second)["From the first"].endswith("match=host")
    finally:
        many.collection.close()


def test_the_next_page_comes_where_the_last_of_this_one_was_withheld_since(tmp_path: Path) -> None:
    fill(tmp_path, [Kept(url=f"https://a.org/{name}", message=page_message(), hours=0)
                    for name in "abc"])  # fmt: skip
    kept = site(tmp_path, None)
    try:
        with served(kept) as running:
            last = "https://a.org/a"
            withhold(kept.collection, url=last)
            second = opened(running, at("/captures", url="a.org", match="host", after=last))
            assert texts(second, "#below li a") == ["https://a.org/b", "https://a.org/c"]
            wrong = at("/captures", url="a.org", match="host", after="ftp://a/")
            assert running.get(wrong).status_code == 400
    finally:
        kept.collection.close()


def test_many_captures_are_listed_month_by_month(tmp_path: Path) -> None:
    kept = [
        Kept(url=FRONT, message=page_message(str(number)), hours=number * 4)
        for number in range(405)
    ]
    fill(tmp_path, kept)
    many = site(tmp_path, None)
    try:
        with served(many) as running:
            page = opened(running, at("/captures", url=FRONT, year="2026"))
            assert [month.split()[0] for month in texts(page, ".month caption")] == [
                "November",
                "December",
            ]
            day = links(page, ".month")["30 November: 6 captures"]
            assert day == at("/captures", url=FRONT, year="2026", month="11") + "#d20261130"
            listed = opened(running, day.partition("#")[0])
            assert texts(listed, "h2")[-1] == "Captures of November 2026"
            assert len(texts(listed, "table.captures tbody tr")) == 52
            assert listed.cssselect("#d20261130")
    finally:
        many.collection.close()


def test_a_long_month_is_listed_day_by_day_and_a_long_day_in_parts(tmp_path: Path) -> None:
    fill(tmp_path, [Kept(url=FRONT, message=page_message(), hours=0)])
    many = site(tmp_path, None)
    try:
        (first,) = many.view.captures(CaptureQuery(url=FRONT))
        busy = [f"20261123{n // 60:02d}{n % 60:02d}00" for n in range(850)]
        times = ["20261103120000", *busy, "20261124120000"]
        many.collection.index.commit(
            [replace(first, timestamp=time, offset=n + 10_000) for n, time in enumerate(times)]
        )
        with served(many) as running:
            newest = opened(running, at("/captures", url=FRONT))
            assert texts(newest, "h2")[-1] == "Captures of 24 November 2026"
            assert len(texts(newest, "table.captures tbody tr")) == 1
            day = links(newest, ".month")["23 November: 850 captures"]
            asked = at("/captures", url=FRONT, year="2026", month="11", day="23")
            assert day == asked + "#d20261123"
            last = opened(running, asked)
            assert texts(last, "h2")[-1] == "Captures of 23 November 2026, part 3 of 3"
            shown = [*_times(last)]
            assert "Newer" not in links(last)
            middle = opened(running, links(last)["Older"])
            shown += _times(middle)
            assert links(middle)["Newer"] == asked + "&part=3"
            oldest = opened(running, links(middle)["Older"])
            shown += _times(oldest)
            assert "Older" not in links(oldest)
            assert shown == busy[::-1]
            behind = opened(running, asked + "&part=9")
            assert _times(behind) == _times(last)
            nothing = opened(running, at("/captures", url=FRONT, year="2026", month="11", day="7"))
            assert texts(nothing, "main .notice") == ["Nothing was captured then."]
    finally:
        many.collection.close()


def _times(page: html.HtmlElement) -> list[str]:
    return [choice.get("value") for choice in page.cssselect("input[name=from]")]


def test_what_is_not_archived_can_be_and_what_is_near_is_offered(pages: Served) -> None:
    page = opened(pages, at("/captures", url=UNKNOWN), 404)
    assert texts(page, "h1") == ["Not in the archive"]
    (form,) = page.cssselect("main form")
    assert (form.get("action"), form.get("method")) == ("/save", "post")
    assert dict(form.form_values()) == {"url": UNKNOWN}
    near = links(page)["Show the captures of this host"]
    assert STRIKE in links(opened(pages, near))
    typed = opened(pages, at("/captures", url="strike.miners"), 404)
    assert links(typed)["Search for them in the texts"] == "/?q=strike.miners&as=words"


def test_wrong_parameters_are_told(pages: Served) -> None:
    wrong = opened(pages, at("/captures", url=STRIKE, match="all"), 400)
    assert "give one of exact, prefix, host, domain" in texts(wrong, "main")[0]
    assert "ftp" in texts(opened(pages, at("/captures", url="ftp://a/"), 400), "main")[0]
    assert pages.get("/captures").headers["location"] == "/"


def test_what_is_withheld_is_nowhere_and_no_reason_is_given(tmp_path: Path) -> None:
    fill(tmp_path)
    kept = site(tmp_path, None)
    try:
        secret = "the safety of a witness"
        restriction, data = new_restriction(reason=secret, url=STRIKE)
        kept.collection.index.decisions.add({restriction.id: data.decode()})
        assert list(kept.view.captures(CaptureQuery(url=STRIKE))) == []
        with served(kept) as running:
            running.client.headers["Accept"] = "text/html"
            for path in ("/captures", "/document", "/diff"):
                response = running.get(at(path, url=STRIKE))
                assert response.status_code == 451
                assert secret not in response.text
                assert "Withheld" in response.text
            for path in ("/", "/?q=miners", at("/captures", url=FRONT, match="host")):
                response = running.get(path)
                assert response.status_code == 200
                assert quote(STRIKE, safe="") not in response.text
            facets = opened(running, "/?q=strike")
            assert texts(facets, "p [role=status]") == ["One page."]
    finally:
        kept.collection.close()
