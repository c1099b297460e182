"""Dates and names as pages write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extraction.authors import clean_authors
from pipelines.extraction.dates import iso_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-01-21", "2022-01-21"),
        ("20220121", "2022-01-21"),
        ("2022-01-21T10:30:00Z", "2022-01-21T10:30:00+00:00"),
        ("2022-01-21T10:30:00.123+0200", "2022-01-21T10:30:00+02:00"),
        ("2022-01-21 10:30", "2022-01-21T10:30:00"),
        ("Fri, 21 Jan 2022 10:30:00 GMT", "2022-01-21T10:30:00+00:00"),
        ("21 Jan 2022", "2022-01-21"),
        ("Published on January 21st, 2022", "2022-01-21"),
        ("2022/1/21", "2022-01-21"),
        (" 21 \n January 2022 ", "2022-01-21"),
        (None, None),
        ("", None),
        ("today", None),
        ("31 Foo 2022", None),
        ("2022/13/41", None),
        ("1850-01-01", None),
        ("2999-01-01", None),
        ("x" * 99, None),
    ],
)
def test_dates(text: str | None, expected: str | None) -> None:
    assert iso_date(text) == expected


@given(
    st.datetimes(*map(datetime.fromisoformat, ("1990-01-01", "2026-01-01"))).map(
        lambda d: d.replace(microsecond=0)
    ),
    st.sampled_from([None, UTC, timezone(timedelta(hours=-5)), timezone(timedelta(minutes=345))]),
)
def test_iso_dates_stay_as_they_are(moment: datetime, zone: timezone | None) -> None:
    text = moment.replace(tzinfo=zone).isoformat()
    assert iso_date(text) == text


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    found = iso_date(text)
    assert found is None or datetime.fromisoformat(found).year >= 1990


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Jane Roe"], ["Jane Roe"]),
        (["By Jane Roe and Max Mo"], ["Jane Roe", "Max Mo"]),
        (["von Jane Roe; Max Mo | Kim Lee"], ["Jane Roe", "Max Mo", "Kim Lee"]),
        (["Jane Roe, Max Mo"], ["Jane Roe", "Max Mo"]),
        (["Roe, Jane"], ["Roe, Jane"]),
        (["Jane Roe, dpa"], ["Jane Roe", "dpa"]),
        (["Author: Jane Roe,", "jane roe"], ["Jane Roe"]),
        (["Jane Roe\nMax Mo"], ["Jane Roe", "Max Mo"]),
        (["admin", "https://news.example/jane", "", "x" * 99, "Staff", "-"], []),
        (["Byron Andrews", "Andy Byers"], ["Byron Andrews", "Andy Byers"]),
        (["автор Иван Петров"], ["Иван Петров"]),
    ],
)
def test_authors(names: list[str], expected: list[str]) -> None:
    assert list(clean_authors(names)) == expected
