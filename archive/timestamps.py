"""The one place that converts between datetimes and the field's digits."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime

from archive.errors import ArchiveError

_DIGITS = re.compile(r"[0-9]+")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_EARLIEST = "00010101000000"
_FIRST = "10000101000000"
_LATEST = "99991231235959"


class TimestampError(ArchiveError):
    """Neither 4 to 14 digits nor an ISO 8601 date; the message says what is allowed."""


def now() -> datetime:
    """The present moment, aware, UTC."""
    return datetime.now(UTC)


def to_timestamp(moment: datetime) -> str:
    """14 digits (YYYYMMDDhhmmss), UTC, fractions cut off."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04d}{utc:%m%d%H%M%S}"  # strftime does not fill up years


def to_long_timestamp(moment: datetime) -> str:
    """17 digits: the 14 and milliseconds, as segment names and runs carry them."""
    utc = moment.astimezone(UTC)
    return f"{to_timestamp(utc)}{utc.microsecond // 1000:03d}"


def to_warc_date(moment: datetime) -> str:
    """W3C date-time in UTC with microseconds, as WARC/1.1 (5.4) allows for WARC-Date."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def from_warc_date(text: str) -> datetime:
    """Aware UTC datetime of a WARC-Date. Raises TimestampError."""
    try:
        return _from_iso(text)
    except (ValueError, OverflowError) as error:
        raise TimestampError(f"{text!r} is not a WARC-Date") from error


def to_datetime(timestamp: str) -> datetime:
    """Aware UTC datetime of a 14-digit timestamp. Raises TimestampError."""
    try:
        if not (_DIGITS.fullmatch(timestamp) and len(timestamp) == 14):
            raise ValueError("not 14 digits")
        # In a twentieth of the time of strptime.
        return datetime.fromisoformat(f"{timestamp[:8]}T{timestamp[8:]}Z")
    except ValueError as error:
        raise TimestampError(f"{timestamp!r} is not a time of 14 digits, YYYYMMDDhhmmss") from error


def readable(timestamp: str) -> str:
    """14 digits for people, to the second: `2026-11-22 09:30:00 UTC`."""
    day, time = timestamp[:8], timestamp[8:]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:4]}:{time[4:]} UTC"


def datetime_or_none(timestamp: str) -> datetime | None:
    """As `to_datetime`; None for a day that there is not, as other tools wrote some."""
    try:
        return to_datetime(timestamp)
    except TimestampError:
        return None


def parse_time(text: str, *, end: bool = False) -> str:
    """14 digits from what a person types: 4 to 14 digits, or an ISO 8601 date or date-time.

    A time that is not complete is filled up to its first second, or with `end` to its last one,
    so that `--to 2026` includes the whole year. Date-times without a zone are UTC.
    Raises TimestampError.
    """
    text = text.strip()
    try:
        if _DIGITS.fullmatch(text):
            return _fill(text, end=end)
        parts = _DATE.fullmatch(text)
        if parts:
            return _fill("".join(part or "" for part in parts.groups()), end=end)
        return to_timestamp(_from_iso(text))
    except (TimestampError, ValueError, OverflowError) as error:
        raise TimestampError(
            f"{text!r} is not a time: give 4 to 14 digits (20261122093000) or a date (2026-11-22)"
        ) from error


def pad(digits: str) -> str:
    """14 digits from 1 to 14 of them as they stand in URLs: the first moment that they may mean.

    A month or day that there is not stays, for comparisons only.
    """
    return digits + _FIRST[len(digits) :]


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _fill(digits: str, *, end: bool) -> str:
    if not (4 <= len(digits) <= 14 and len(digits) % 2 == 0):
        raise ValueError("not 4, 6, 8, 10, 12 or 14 digits")
    first = to_datetime(digits + _EARLIEST[len(digits) :])
    if not end:
        return to_timestamp(first)
    if len(digits) == 6:
        digits += f"{monthrange(first.year, first.month)[1]}"
    return digits + _LATEST[len(digits) :]
