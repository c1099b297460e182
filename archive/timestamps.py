"""The one place that converts between datetimes and the field's digits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from archive.errors import ArchiveError

_DIGITS = re.compile(r"\d{1,14}")
_EARLIEST = "00010101000000"


class TimestampError(ArchiveError):
    """Neither 4 to 14 digits nor an ISO 8601 date; the message says what is allowed."""


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def to_timestamp(moment: datetime) -> str:
    """14 digits (YYYYMMDDhhmmss), UTC, fractions cut off."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def to_long_timestamp(moment: datetime) -> str:
    """17 digits: the 14 and milliseconds, as segment names and runs carry them."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y%m%d%H%M%S}{utc.microsecond // 1000:03d}"


def to_warc_date(moment: datetime) -> str:
    """W3C date-time in UTC with microseconds, as WARC/1.1 (5.4) allows for WARC-Date."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_warc_date(text: str) -> datetime:
    """Aware UTC datetime of a WARC-Date. Raises TimestampError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimestampError(f"{text!r} is not a WARC-Date") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def to_datetime(timestamp: str) -> datetime:
    """Aware UTC datetime of a 14-digit timestamp. Raises TimestampError."""
    try:
        return datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise TimestampError(f"{timestamp!r} is not a time of 14 digits, YYYYMMDDhhmmss") from error


def parse_time(text: str, *, end: bool = False) -> str:
    """14 digits from what a person types: 4 to 14 digits, or an ISO 8601 date or date-time.

    A time that is not complete is filled up to its first second, or with `end` to its last one,
    so that `--to 2026` includes the whole year. Date-times without a zone are UTC.
    Raises TimestampError.
    """
    text = text.strip()
    if _DIGITS.fullmatch(text) and len(text) >= 4 and len(text) % 2 == 0:
        return _fill(text, end=end)
    parts = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", text)
    if parts:
        return _fill("".join(part or "" for part in parts.groups()), end=end)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimestampError(
            f"{text!r} is not a time: give 4 to 14 digits (20261122093000) or a date (2026-11-22)"
        ) from error
    return to_timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _fill(digits: str, *, end: bool) -> str:
    first = to_datetime(digits + _EARLIEST[len(digits) :])
    if not end:
        return to_timestamp(first)
    following = {
        4: lambda: first.replace(year=first.year + 1) if first.year < 9999 else datetime.max,
        6: lambda: (first.replace(day=1) + timedelta(days=32)).replace(day=1),
        8: lambda: first + timedelta(days=1),
        10: lambda: first + timedelta(hours=1),
        12: lambda: first + timedelta(minutes=1),
        14: lambda: first + timedelta(seconds=1),
    }[len(digits)]()
    return (following - timedelta(seconds=1)).strftime("%Y%m%d%H%M%S")
