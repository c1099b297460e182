"""Which capture answers a request for a URL, and captures in the order of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    func,
    select,
    true,
    tuple_,
    union_all,
)

from archive.index import rows
from archive.index.queries import CaptureQuery
from archive.index.schema import captures, segments
from archive.model import Capture
from archive.timestamps import to_datetime
from archive.urlkey import prefix_range, urlkey

Statuses = tuple[int, int]
"""Lowest and highest status, inclusive."""

ANY: Statuses = (0, 999)
SUCCESS: Statuses = (200, 299)
SUCCESS_OR_REDIRECT: Statuses = (200, 399)

Place = tuple[Any, ...]
"""Values of the columns that an order consists of."""

Read = Callable[[Select[Any]], Sequence[RowMapping]]
"""Runs a statement in a transaction of its own."""

_BATCH = 1000
_LATEST = 99991231235959

_joined = select(
    *captures.c, segments.c.filename, segments.c.source.label("segment_source")
).join_from(captures, segments, captures.c.segment == segments.c.id)

_of_key = and_(
    captures.c.urlkey == bindparam("key"),
    captures.c.status.between(bindparam("low"), bindparam("high")),
)
_timestamps = select(captures.c.timestamp).where(_of_key)
_before = (
    _timestamps.where(captures.c.timestamp <= bindparam("at"))
    .order_by(captures.c.timestamp.desc())
    .limit(1)
)
_after = (
    _timestamps.where(captures.c.timestamp > bindparam("at"))
    .order_by(captures.c.timestamp)
    .limit(1)
)
# Each branch is one step in the primary key; ordering by the distance would read all captures.
_around = union_all(
    select(_before.subquery("before").c.timestamp), select(_after.subquery("after").c.timestamp)
)
_at = _joined.where(_of_key, captures.c.timestamp == bindparam("at"))
_since = _joined.where(_of_key, captures.c.timestamp >= bindparam("at"))


def choose(connection: Connection, key: str, at: str | None, any_status: bool) -> Capture | None:
    """The capture that `Index.find` promises."""
    if at is None:
        ranks = [ANY] if any_status else [SUCCESS, ANY]
    else:
        exact = _best_at(connection, key, int(at), ANY)
        if exact:
            return exact
        ranks = [ANY] if any_status else [SUCCESS_OR_REDIRECT, ANY]
    for statuses in ranks:
        timestamp = _nearest(connection, key, at, statuses)
        if timestamp is not None:
            return _best_at(connection, key, timestamp, statuses)
    return None


def _nearest(connection: Connection, key: str, at: str | None, statuses: Statuses) -> int | None:
    """The time nearest to `at`, of two as near the earlier; without `at` the latest."""
    moment = _LATEST if at is None else int(at)
    found: list[int] = sorted(connection.execute(_around, _values(key, moment, statuses)).scalars())
    if at is None or len(found) < 2:
        return found[0] if found else None
    wanted = to_datetime(at)
    return min(found, key=lambda t: abs(to_datetime(f"{t:014d}") - wanted))


def _best_at(
    connection: Connection, key: str, timestamp: int, statuses: Statuses
) -> Capture | None:
    found = connection.execute(_at, _values(key, timestamp, statuses)).mappings()
    return max(map(rows.capture_of, found), key=_precedence, default=None)


def _precedence(capture: Capture) -> tuple[bool, str, int]:
    return SUCCESS[0] <= capture.status <= SUCCESS[1], capture.filename, capture.offset


def since(connection: Connection, key: str, timestamp: str, statuses: Statuses) -> list[Capture]:
    """Captures of a key at or after a time, in no order."""
    found = connection.execute(_since, _values(key, int(timestamp), statuses)).mappings()
    return [rows.capture_of(row) for row in found]


def _values(key: str, at: int, statuses: Statuses) -> dict[str, str | int]:
    return {"key": key, "at": at, "low": statuses[0], "high": statuses[1]}


def count(connection: Connection, query: CaptureQuery) -> int:
    """How many captures a query is about, `limit` aside. Raises UrlError."""
    statement = select(func.count()).select_from(captures).where(_condition(query))
    return connection.execute(statement).scalar_one()


def walk(read: Read, query: CaptureQuery) -> Iterator[Capture]:
    """Captures in the order of CDXJ lines: (urlkey, timestamp), then (filename, offset)."""
    key = tuple(captures.primary_key)
    batches = _batches(read, lambda after: _condition(query, after), key)
    for _, same in groupby(batches, key=lambda capture: (capture.urlkey, capture.timestamp)):
        yield from sorted(same, key=lambda capture: (capture.filename, capture.offset))


def walk_segment(read: Read, segment: int) -> Iterator[Capture]:
    """Captures of a segment in the order of offsets."""

    def condition(after: Place | None) -> ColumnElement[bool]:
        behind = captures.c.offset > after[1] if after else true()
        return and_(captures.c.segment == segment, behind)

    yield from _batches(read, condition, (captures.c.segment, captures.c.offset))


def _batches(
    read: Read,
    condition: Callable[[Place | None], ColumnElement[bool]],
    order: tuple[ColumnElement[Any], ...],
) -> Iterator[Capture]:
    """Batch after batch, each read at once: no transaction stays open while they are consumed."""
    after: Place | None = None
    while True:
        batch = read(_joined.where(condition(after)).order_by(*order).limit(_BATCH))
        yield from map(rows.capture_of, batch)
        if len(batch) < _BATCH:
            return
        after = tuple(batch[-1][str(part.key)] for part in order)


def _condition(query: CaptureQuery, after: Place | None = None) -> ColumnElement[bool]:
    """What a query is about, behind a place in the primary key that lies within it."""
    key, *rest = captures.primary_key
    if query.match == "exact":
        parts = [key == urlkey(query.url)]
        if after:
            parts.append(tuple_(*rest) > tuple_(*after[1:]))
    else:
        low, high = prefix_range(query.url, query.match)
        parts = [tuple_(key, *rest) > tuple_(*after) if after else key >= low, key < high]
    if query.start is not None:
        parts.append(captures.c.timestamp >= int(query.start))
    if query.end is not None:
        parts.append(captures.c.timestamp <= int(query.end))
    return and_(*parts)
