"""Which capture answers a request for a URL, and what lies around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, islice, repeat
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, or_, select

from archive.index import rows
from archive.index.known import Ask
from archive.index.queries import Neighbours
from archive.index.rows import Found
from archive.index.schema import captures, segments
from archive.model import Capture
from archive.urlkey import spellings

Statuses = tuple[int, int]
"""Lowest and highest status, inclusive."""

ANY: Statuses = (0, 999)
SUCCESS: Statuses = (200, 299)
SUCCESS_OR_REDIRECT: Statuses = (200, 399)

BATCH = 1000
_FEW = 8

joined_captures = select(
    *captures.c, segments.c.filename, segments.c.source.label("segment_source")
).join_from(captures, segments, captures.c.segment == segments.c.id)
"""Rows for `rows.joined_capture`."""


def of_named(number: Column[int]) -> ColumnElement[bool]:
    """That a column is the number of the segment whose file name is `name`.

    By name in each statement: in a rebuilt index a segment has another number.
    """
    named = select(segments.c.id).where(segments.c.filename == bindparam("name"))
    return number == named.scalar_subquery()


_of_key = and_(
    captures.c.urlkey == bindparam("key"),
    captures.c.status.between(bindparam("low"), bindparam("high")),
)


def _at_newest(*those: ColumnElement[bool]) -> Select[Any]:
    """All of the newest time at which one of those captures of a key is of these statuses."""
    times = select(captures.c.timestamp).where(_of_key, *those)
    newest = times.order_by(captures.c.timestamp.desc()).limit(1)
    return joined_captures.where(_of_key, *those, captures.c.timestamp == newest.scalar_subquery())


def _around(*those: ColumnElement[bool]) -> Select[Any]:
    """All of the last such time until `at` and of the first one behind it."""
    times = select(captures.c.timestamp).where(captures.c.urlkey == bindparam("key"), *those)
    of_status = captures.c.status.between(bindparam("low"), bindparam("high"))
    # Each time is one step in the primary key; ordering by the distance would read all captures.
    before = (
        # What is exactly there counts whatever its status.
        times.where(
            captures.c.timestamp <= bindparam("at"),
            or_(of_status, captures.c.timestamp == bindparam("at")),
        )
        .order_by(captures.c.timestamp.desc())
        .limit(1)
    )
    after = (
        times.where(of_status, captures.c.timestamp > bindparam("at"))
        .order_by(captures.c.timestamp)
        .limit(1)
    )
    return joined_captures.where(
        captures.c.urlkey == bindparam("key"),
        *those,
        captures.c.timestamp.in_([before.scalar_subquery(), after.scalar_subquery()]),
    )


_SPELLINGS = 8  # of one page, see archive.urlkey
_spelled = or_(
    captures.c.form.in_([bindparam(f"form{number}") for number in range(_SPELLINGS)]),
    captures.c.url.in_([bindparam(f"url{number}") for number in range(_SPELLINGS)]),
)
_of_any = _at_newest(), _around()
_of_page = _at_newest(_spelled), _around(_spelled)
_since = joined_captures.where(_of_key, captures.c.timestamp >= bindparam("at"))
_key_times = select(captures.c.timestamp).where(captures.c.urlkey == bindparam("key"))
_oldest, _latest = (
    _key_times.order_by(order).limit(1)
    for order in (captures.c.timestamp, captures.c.timestamp.desc())
)
# Four steps in the primary key.
_neighbours = select(
    _oldest.scalar_subquery().label("first"),
    _latest.where(captures.c.timestamp < bindparam("at")).scalar_subquery().label("previous"),
    _oldest.where(captures.c.timestamp > bindparam("at")).scalar_subquery().label("next"),
    _latest.scalar_subquery().label("last"),
)
_in_segment = of_named(captures.c.segment)
_of_segment = (
    joined_captures.where(_in_segment, captures.c.offset > bindparam("after"))
    .order_by(captures.c.segment, captures.c.offset)
    .limit(bindparam("most"))
)
_begin_before = select(func.max(captures.c.offset)).where(
    _in_segment, captures.c.offset <= bindparam("start")
)


def ranks_of(at: str | None, any_status: bool) -> list[Statuses]:
    """Which statuses `Index.find` looks for first, and which it takes then."""
    if any_status:
        return [ANY]
    return [SUCCESS if at is None else SUCCESS_OR_REDIRECT, ANY]


def choose(ask: Ask, url: str, key: str, at: str | None, any_status: bool) -> Capture | None:
    """The capture that `Index.find` promises."""
    statuses = ranks_of(at, any_status)
    found = _choose(ask, _of_any, {"key": key}, at, statuses, url)
    if found is None or found.url == url or found.url in (pages := spellings(url)):
        return found
    forms, urls = rows.spelled(key, pages)
    named = {"key": key, **_named("form", forms), **_named("url", urls)}
    own = _choose(ask, _of_page, named, at, statuses, url)
    if own is None or _rank(own, at, statuses) > _rank(found, at, statuses):
        return found
    return own


def _named(name: str, values: Iterable[str | int]) -> dict[str, str | int | None]:
    padded = islice(chain(values, repeat(None)), _SPELLINGS)
    return {f"{name}{number}": value for number, value in enumerate(padded)}


def _choose(
    ask: Ask,
    questions: tuple[Select[Any], Select[Any]],
    named: Mapping[str, str | int | None],
    at: str | None,
    statuses: Sequence[Statuses],
    url: str,
) -> Capture | None:
    at_newest, around = questions
    for low, high in statuses:
        asked = {**named, "low": low, "high": high}
        if at is None:
            found = ask(at_newest, asked)
        else:
            found = _nearest(ask(around, {**asked, "at": int(at)}), at, (low, high))
        if found:
            return max(map(rows.joined_capture, found), key=lambda one: precedence(one, url))
    return None


def _rank(capture: Capture, at: str | None, statuses: Sequence[Statuses]) -> int:
    """How well a capture answers, the least best: at that very time, then by its status."""
    if capture.timestamp == at:
        return -1
    return next(n for n, (low, high) in enumerate(statuses) if low <= capture.status <= high)


def _nearest(found: Sequence[Found], at: str, statuses: Statuses) -> Sequence[Found]:
    """Of what is around `at` what is exactly there, else what is nearest; if as near, earlier."""
    exact = [row for row in found if row.timestamp == int(at)]
    if exact:
        return exact
    fitting = [row for row in found if statuses[0] <= row.status <= statuses[1]]
    if not fitting:
        return []
    nearest = nearest_time((row.timestamp for row in fitting), int(at))
    return [row for row in fitting if row.timestamp == nearest]


def nearest_time(times: Iterable[int], at: int) -> int:
    """Of times of 14 digits the one that is nearest to another; of two as near the earlier."""
    different = sorted(set(times))
    if len(different) > 1:
        wanted = seconds(at)
        different.sort(key=lambda time: abs(seconds(time) - wanted))
    return different[0]


def seconds(digits: int) -> int:
    """Time of 14 digits as a distance, also where other tools wrote a day that there is not."""
    rest, second = divmod(digits, 100)
    rest, minute = divmod(rest, 100)
    rest, hour = divmod(rest, 100)
    rest, day = divmod(rest, 100)
    year, month = divmod(rest, 100)
    days = date(max(1, year), min(12, max(1, month)), 1).toordinal() + day
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def precedence(capture: Capture, url: str = "") -> tuple[bool, bool, str, int]:
    """Which of the captures of one time `Index.find` prefers, when it looks for a URL: the
    greatest."""
    is_success = SUCCESS[0] <= capture.status <= SUCCESS[1]
    return is_success, capture.url == url, capture.filename, capture.offset


def since(ask: Ask, key: str, timestamp: str, statuses: Statuses) -> list[Capture]:
    """Captures of a key at or after a time, in no order."""
    found = ask(_since, _values(key, int(timestamp), statuses))
    return [rows.joined_capture(row) for row in found]


def _values(key: str, at: int, statuses: Statuses) -> dict[str, str | int]:
    return {"key": key, "at": at, "low": statuses[0], "high": statuses[1]}


def walk_segment(ask: Ask, filename: str, start: int | None = None) -> Iterator[Capture]:
    """Captures of a segment in the order of offsets; none for an unknown one.

    `start`: from the last one on that begins at that byte or before.
    """
    after, most = -1, BATCH
    if start is not None:
        ((begin,),) = ask(_begin_before, {"name": filename, "start": start})
        after, most = -1 if begin is None else begin - 1, _FEW
    while True:
        batch = ask(_of_segment, {"name": filename, "after": after, "most": most})
        yield from map(rows.joined_capture, batch)
        if len(batch) < most:
            return
        after, most = batch[-1].offset, BATCH


def neighbours(ask: Ask, key: str, at: str) -> Neighbours | None:
    """Times of the captures of a key around a time; None: it has no capture."""
    (found,) = ask(_neighbours, {"key": key, "at": int(at)})
    if found.first is None:
        return None
    return Neighbours(*(None if time is None else f"{time:014d}" for time in found))
