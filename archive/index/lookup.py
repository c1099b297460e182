"""Which capture answers a request for a URL, and captures in the order of keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from archive.index import rows
from archive.index.known import Ask, AskBare, KnownSegments, number_of, numbered_captures
from archive.index.queries import CapturePlace, CaptureQuery, Neighbours
from archive.index.rows import Found, Values
from archive.index.schema import captures, segments
from archive.model import Capture
from archive.urlkey import prefix_range, urlkey

Statuses = tuple[int, int]
"""Lowest and highest status, inclusive."""

ANY: Statuses = (0, 999)
SUCCESS: Statuses = (200, 299)
SUCCESS_OR_REDIRECT: Statuses = (200, 399)

Place = tuple[str, int]
"""Key and time."""

Asked = dict[str, str | int]
"""Values of a query, by the names that they have in its statements."""

BATCH = 1000

_joined = select(
    *captures.c, segments.c.filename, segments.c.source.label("segment_source")
).join_from(captures, segments, captures.c.segment == segments.c.id)

_of_key = and_(
    captures.c.urlkey == bindparam("key"),
    captures.c.status.between(bindparam("low"), bindparam("high")),
)
_timestamps = select(captures.c.timestamp).where(_of_key)
_newest = _timestamps.order_by(captures.c.timestamp.desc()).limit(1)
_before = (
    # What is exactly there counts whatever its status.
    select(captures.c.timestamp)
    .where(
        captures.c.urlkey == bindparam("key"),
        captures.c.timestamp <= bindparam("at"),
        or_(
            captures.c.status.between(bindparam("low"), bindparam("high")),
            captures.c.timestamp == bindparam("at"),
        ),
    )
    .order_by(captures.c.timestamp.desc())
    .limit(1)
)
_after = (
    _timestamps.where(captures.c.timestamp > bindparam("at"))
    .order_by(captures.c.timestamp)
    .limit(1)
)
_at_newest = _joined.where(_of_key, captures.c.timestamp == _newest.scalar_subquery())
# Each time is one step in the primary key; ordering by the distance would read all captures.
_around = _joined.where(
    captures.c.urlkey == bindparam("key"),
    captures.c.timestamp.in_([_before.scalar_subquery(), _after.scalar_subquery()]),
)
_since = _joined.where(_of_key, captures.c.timestamp >= bindparam("at"))
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
_of_segment = (
    _joined.where(
        # By name in each statement: in a rebuilt index a segment has another number.
        captures.c.segment
        == select(segments.c.id).where(segments.c.filename == bindparam("name")).scalar_subquery(),
        captures.c.offset > bindparam("after"),
    )
    .order_by(captures.c.segment, captures.c.offset)
    .limit(BATCH)
)


def choose(ask: Ask, key: str, at: str | None, any_status: bool) -> Capture | None:
    """The capture that `Index.find` promises."""
    if at is None:
        ranks = [ANY] if any_status else [SUCCESS, ANY]
    else:
        ranks = [ANY] if any_status else [SUCCESS_OR_REDIRECT, ANY]
    for statuses in ranks:
        if at is None:
            found = ask(_at_newest, {"key": key, "low": statuses[0], "high": statuses[1]})
        else:
            found = _nearest(ask(_around, _values(key, int(at), statuses)), at, statuses)
        if found:
            return max(map(rows.joined_capture, found), key=_precedence)
    return None


def _nearest(found: Sequence[Found], at: str, statuses: Statuses) -> Sequence[Found]:
    """Of what is around `at` what is exactly there, else what is nearest; if as near, earlier."""
    exact = [row for row in found if row.timestamp == int(at)]
    if exact:
        return exact
    fitting = [row for row in found if statuses[0] <= row.status <= statuses[1]]
    times = sorted({row.timestamp for row in fitting})
    if len(times) > 1:
        wanted = _seconds(int(at))
        times.sort(key=lambda time: abs(_seconds(time) - wanted))
    return [row for row in fitting if row.timestamp == times[0]]


def _seconds(digits: int) -> int:
    """Time of 14 digits as a distance, also where other tools wrote a day that there is not."""
    rest, second = divmod(digits, 100)
    rest, minute = divmod(rest, 100)
    rest, hour = divmod(rest, 100)
    rest, day = divmod(rest, 100)
    year, month = divmod(rest, 100)
    days = date(max(1, year), min(12, max(1, month)), 1).toordinal() + day
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def _precedence(capture: Capture) -> tuple[bool, str, int]:
    return SUCCESS[0] <= capture.status <= SUCCESS[1], capture.filename, capture.offset


def since(ask: Ask, key: str, timestamp: str, statuses: Statuses) -> list[Capture]:
    """Captures of a key at or after a time, in no order."""
    found = ask(_since, _values(key, int(timestamp), statuses))
    return [rows.joined_capture(row) for row in found]


def _values(key: str, at: int, statuses: Statuses) -> dict[str, str | int]:
    return {"key": key, "at": at, "low": statuses[0], "high": statuses[1]}


def count(connection: Connection, query: CaptureQuery) -> int:
    """How many captures a query is about, `limit` aside. Raises UrlError."""
    asked = asked_for(query)
    statement = select(func.count()).select_from(captures).where(_condition(asked.keys()))
    return connection.execute(statement, asked).scalar_one()


def walk(ask: AskBare, known: KnownSegments, query: CaptureQuery) -> Iterator[Capture]:
    """Captures in the order of CDXJ lines: (urlkey, timestamp), then (filename, offset).

    Batch after batch, each read at once: no transaction stays open while they are consumed.
    """
    asked = asked_for(query)
    place: Place | None = None
    if query.after is not None and query.after[0] >= str(asked.get("low", "")):
        place = query.after[0], int(query.after[1])
        yield from _rest_of(ask, known, asked, query.after)
    while True:
        batch = ask(*page_of(asked, place))
        full = len(batch) == BATCH
        if full:
            # Where a batch ends, equal times stay together: the last ones come with the next.
            last = _place(batch[-1])
            kept = [row for row in batch if _place(row) != last]
            batch = kept or ask(_all_of(frozenset(asked)), asked | _values_of(last))
        ready = _ready(known, batch)
        if ready is None:
            continue
        yield from ready
        if not full:
            return
        place = _place(batch[-1])


def _rest_of(
    ask: AskBare, known: KnownSegments, asked: Asked, after: CapturePlace
) -> Iterator[Capture]:
    """Captures of the same key and time that stand behind one of them."""
    same = asked | _values_of((after[0], int(after[1])))
    while True:
        ready = _ready(known, ask(_all_of(frozenset(asked)), same))
        if ready is not None:
            yield from (capture for capture in ready if _in_order(capture) > after)
            return


def _ready(known: KnownSegments, found: Sequence[Values]) -> list[Capture] | None:
    """The captures of rows, in order; None: another index has taken the place of theirs since."""
    named = known.of(found)
    if named is None:
        return None
    ready = [rows.capture_of(row, *named[number_of(row)]) for row in found]
    ready.sort(key=_in_order)
    return ready


def page_of(asked: Asked, behind: Place | None = None) -> tuple[Select[Any], Asked]:
    """The statement of the next batch, and its values."""
    if behind:
        # The place takes that of the lower end.
        asked = {name: value for name, value in asked.items() if name != "low"} | _values_of(behind)
    return _page(frozenset(asked)), asked


def asked_for(query: CaptureQuery) -> Asked:
    """The values of a query, by the names that they have in statements. Raises UrlError."""
    if query.match == "exact":
        asked: Asked = {"key": urlkey(query.url)}
    else:
        low, high = prefix_range(query.url, query.match)
        asked = {"low": low, "high": high}
    if query.start is not None:
        asked["start"] = int(query.start)
    if query.end is not None:
        asked["end"] = int(query.end)
    return asked


def _place(row: Values) -> Place:
    key, timestamp, *_ = row
    return key, timestamp


def _values_of(place: Place) -> Asked:
    return {"place_key": place[0], "place_time": place[1]}


def _in_order(capture: Capture) -> CapturePlace:
    return capture.urlkey, capture.timestamp, capture.filename, capture.offset


@lru_cache
def _page(names: frozenset[str]) -> Select[Any]:
    """Numbers of segments are no part of the order: a rebuilt index has others."""
    order = captures.c.urlkey, captures.c.timestamp
    # PostgreSQL, which thinks that a site has few captures, would join the segments to all of them,
    # and then sort.
    return numbered_captures.where(_condition(names)).order_by(*order).limit(BATCH)


@lru_cache
def _all_of(names: frozenset[str]) -> Select[Any]:
    """Every capture at one place."""
    place = and_(
        captures.c.urlkey == bindparam("place_key"),
        captures.c.timestamp == bindparam("place_time"),
    )
    return numbered_captures.where(_condition(names), place)


def _condition(names: Collection[str]) -> ColumnElement[bool]:
    """What a query with values of these names is about, behind a place that lies within it."""
    key, timestamp = captures.c.urlkey, captures.c.timestamp
    place = tuple_(bindparam("place_key"), bindparam("place_time"))
    behind = (
        timestamp > bindparam("place_time") if "key" in names else tuple_(key, timestamp) > place
    )
    conditions = {
        "key": key == bindparam("key"),
        "low": key >= bindparam("low"),
        "high": key < bindparam("high"),
        "start": timestamp >= bindparam("start"),
        "end": timestamp <= bindparam("end"),
        "place_time": behind,
    }
    return and_(*(conditions[name] for name in sorted(names & conditions.keys())))


def walk_segment(ask: Ask, filename: str) -> Iterator[Capture]:
    """Captures of a segment in the order of offsets; none for an unknown one."""
    values: dict[str, str | int] = {"name": filename, "after": -1}
    while True:
        batch = ask(_of_segment, values)
        yield from map(rows.joined_capture, batch)
        if len(batch) < BATCH:
            return
        values["after"] = batch[-1].offset


def neighbours(ask: Ask, key: str, at: str) -> Neighbours | None:
    """Times of the captures of a key around a time; None: it has no capture."""
    (found,) = ask(_neighbours, {"key": key, "at": int(at)})
    if found.first is None:
        return None
    return Neighbours(*(None if time is None else f"{time:014d}" for time in found))
