"""Captures of a URL by year, month and day, and those of them that one list shows."""

from __future__ import annotations

from calendar import Calendar
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

from archive.model import Capture
from archive.timestamps import datetime_or_none

LISTED = 400
"""Captures in one list; of more, month by month, and of more in a month, day by day."""

_WEEKS = Calendar(firstweekday=0)  # Monday, as ISO 8601 has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day on which something was captured."""

    number: int  #: of the month
    captures: int
    state: str  #: what came best: "fine" (2xx), "moved" (3xx), "failed"
    changed: bool  #: whether a version begins on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month as a calendar has it."""

    number: int  #: 1 to 12
    captures: int
    weeks: tuple[tuple[int, ...], ...]  #: from Monday; 0: a day of another month
    days: dict[int, Day]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What one list shows."""

    year: int
    month: int | None = None  #: None: the whole year, or all there is
    day: int | None = None  #: None: the whole month
    part: int = 1  #: of those that a long day is cut into, the oldest first
    parts: int = 1
    captures: Sequence[Capture]  #: oldest first, LISTED at the most


def period_of(
    captures: Sequence[Capture],
    *,
    year: int | None = None,
    month: int | None = None,
    day: int | None = None,
    part: int | None = None,
) -> Period:
    """The one asked for, and else, where all are too many for one list, the newest that has any.

    `captures`: at least one, oldest first.
    """
    year = year or int(captures[-1].timestamp[:4])
    if len(captures) <= LISTED:
        return Period(year=year, captures=captures)
    start = f"{year:04d}"
    listed = _beginning(captures, start)
    if month is None and len(listed) > LISTED:
        month = int(listed[-1].timestamp[4:6])
    if month is None:
        return Period(year=year, captures=listed)
    start = f"{start}{month:02d}"
    listed = _beginning(listed, start)
    if len(listed) <= LISTED:
        return Period(year=year, month=month, captures=listed)
    day = day or int(listed[-1].timestamp[6:8])
    listed = _beginning(listed, f"{start}{day:02d}")
    parts = max(1, ceil(len(listed) / LISTED))
    part = min(part or parts, parts)
    listed = listed[(part - 1) * LISTED : part * LISTED]
    return Period(year=year, month=month, day=day, part=part, parts=parts, captures=listed)


def _beginning(captures: Sequence[Capture], digits: str) -> Sequence[Capture]:
    return [capture for capture in captures if capture.timestamp.startswith(digits)]


def by_year(captures: Sequence[Capture]) -> list[tuple[int, int]]:
    """Year and number of captures; years without any, too, from the first to the last."""
    number = Counter(int(capture.timestamp[:4]) for capture in captures)
    if not number:
        return []
    return [(year, number[year]) for year in range(min(number), max(number) + 1)]


def months_of(captures: Sequence[Capture], year: int, changes: Collection[str]) -> list[Month]:
    """The twelve months of a year. `changes`: times, of 14 digits, at which a version begins.

    Captures of a day that there is not are in no calendar.
    """
    days: dict[tuple[int, int], list[Capture]] = {}
    for capture in captures:
        at = datetime_or_none(capture.timestamp)
        if at is not None and at.year == year:
            days.setdefault((at.month, at.day), []).append(capture)
    months = []
    for number in range(1, 13):
        own = {
            day: _day(day, found, changes)
            for (month, day), found in days.items()
            if month == number
        }
        months.append(
            Month(
                number=number,
                captures=sum(day.captures for day in own.values()),
                weeks=tuple(map(tuple, _WEEKS.monthdayscalendar(year, number))),
                days=own,
            )
        )
    return months


def _day(number: int, captures: Sequence[Capture], changes: Collection[str]) -> Day:
    statuses = [capture.status for capture in captures]
    if any(200 <= status < 300 for status in statuses):
        state = "fine"
    else:
        state = "moved" if any(300 <= status < 400 for status in statuses) else "failed"
    return Day(
        number=number,
        captures=len(captures),
        state=state,
        changed=any(capture.timestamp in changes for capture in captures),
    )
