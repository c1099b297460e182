"""Dates as pages write them, brought to ISO 8601 and no more precise than they are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.? (?P<month>[a-z]{3,9})\.?,? (?P<year>\d{4})"
    r"|(?P<month2>[a-z]{3,9})\.? (?P<day2>\d{1,2})(?:st|nd|rd|th)?,? (?P<year2>\d{4})",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})")
_FRACTION = re.compile(r"(?<=:\d\d)[.,]\d+")
_FIRST_YEAR = 1990


def iso_date(text: str | None) -> str | None:
    """ISO 8601 date, or date-time with the offset that was given; None for anything else.

    Reads ISO 8601, RFC 5322 (3.3), 2022/1/21, "21 Jan 2022", "January 21, 2022".
    """
    text = " ".join((text or "").split())
    if not text or len(text) > 60:
        return None
    for reader in (_iso, _mail, _named, _numbers):
        moment = reader(text)
        if moment is not None:
            return moment if _FIRST_YEAR <= int(moment[:4]) <= datetime.now(UTC).year + 1 else None
    return None


def _iso(text: str) -> str | None:
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
    except ValueError:
        return None
    return moment.isoformat() if ":" in text or "T" in text else moment.date().isoformat()


def _mail(text: str) -> str | None:
    if ":" not in text:
        return None
    try:
        return parsedate_to_datetime(text).isoformat()
    except ValueError:
        return None


def _named(text: str) -> str | None:
    match = _NAMED.search(text)
    if not match:
        return None
    month = (match["month"] or match["month2"])[:3].lower()
    if month not in _MONTHS:
        return None
    year, day = match["year"] or match["year2"], match["day"] or match["day2"]
    return _day(int(year), _MONTHS.index(month) + 1, int(day))


def _numbers(text: str) -> str | None:
    match = _NUMBERS.search(text)
    return _day(int(match[1]), int(match[2]), int(match[3])) if match else None


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
