from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.timestamps import (
    TimestampError,
    from_warc_date,
    parse_time,
    readable,
    to_datetime,
    to_long_timestamp,
    to_timestamp,
    to_warc_date,
)

moments = st.datetimes(timezones=st.just(UTC))


@given(moments)
def test_timestamp_round_trip(moment: datetime) -> None:
    timestamp = to_timestamp(moment)
    assert len(timestamp) == 14
    assert to_datetime(timestamp) == moment.replace(microsecond=0)


@given(moments)
def test_warc_date_round_trip(moment: datetime) -> None:
    assert from_warc_date(to_warc_date(moment)) == moment


@given(moments)
def test_long_timestamp_has_17_digits(moment: datetime) -> None:
    long = to_long_timestamp(moment)
    assert len(long) == 17
    assert long.startswith(to_timestamp(moment))
    assert int(long[14:]) == moment.microsecond // 1000


def test_other_zones_become_utc() -> None:
    moment = datetime(2026, 11, 22, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert to_timestamp(moment) == "20261121233000"
    assert to_warc_date(moment) == "2026-11-21T23:30:00.000000Z"
    assert from_warc_date("2026-11-22T01:30:00+02:00") == moment


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", "20260101000000", "20261231235959"),
        ("202602", "20260201000000", "20260228235959"),
        ("202612", "20261201000000", "20261231235959"),
        ("20261231", "20261231000000", "20261231235959"),
        ("2026112209", "20261122090000", "20261122095959"),
        ("202611220930", "20261122093000", "20261122093059"),
        ("20261122093015", "20261122093015", "20261122093015"),
        ("2026-11", "20261101000000", "20261130235959"),
        ("2024-02-29", "20240229000000", "20240229235959"),
        (" 2026-11-22 ", "20261122000000", "20261122235959"),
        ("2026-11-22T09:30:15", "20261122093015", "20261122093015"),
        ("2026-11-22T09:30:15.9Z", "20261122093015", "20261122093015"),
        ("2026-11-22 09:30:15+02:00", "20261122073015", "20261122073015"),
        ("0001", "00010101000000", "00011231235959"),
        ("9999", "99990101000000", "99991231235959"),
        ("999912", "99991201000000", "99991231235959"),
        ("99991231", "99991231000000", "99991231235959"),
        ("99991231235959", "99991231235959", "99991231235959"),
    ],
)
def test_times_that_people_type(text: str, first: str, last: str) -> None:
    assert parse_time(text) == first
    assert parse_time(text, end=True) == last


@pytest.mark.parametrize(
    "text",
    ["", "x", "26", "202", "20261", "20261301", "20260230", "0000", "2026-13", "2026-1-1",
     "20261122250000", "202611220930150", "٢٠٢٦", "2026-11-22T25:00", "0001-01-01T00:00+02:00",
     "9999-12-31T23:00-02:00"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TimestampError):
        parse_time(text)
    with pytest.raises(TimestampError):
        parse_time(text, end=True)


@pytest.mark.parametrize("text", ["", "2026-13-01", "yesterday", "0001-01-01T00:00:00+02:00"])
def test_what_is_no_warc_date_is_refused(text: str) -> None:
    with pytest.raises(TimestampError):
        from_warc_date(text)


@pytest.mark.parametrize("text", ["", "2026", "20261122093060", "2026112209300", "x" * 14])
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(TimestampError):
        to_datetime(text)


@given(st.text())
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        assert parse_time(text) <= parse_time(text, end=True)
    except TimestampError:
        return


def test_for_people_a_time_has_seconds_and_its_zone() -> None:
    assert readable("20261122093004") == "2026-11-22 09:30:04 UTC"
