"""Captures in the order of their keys: forward and back, from a place on, and cut into blocks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, select, tuple_

from archive.index import rows
from archive.index.known import Ask, AskBare, KnownSegments, number_of, numbered_captures
from archive.index.queries import CapturePlace, CaptureQuery
from archive.index.rows import Values
from archive.index.schema import captures
from archive.model import Capture
from archive.urlkey import prefix_range, urlkey

Place = tuple[str, int]
"""Key and time."""

Asked = dict[str, str | int]
"""Values of a query, by the names that they have in its statements."""

BATCH = 1000
_FIRST = 32
"""Rows of the first batch: most questions are about few captures, or want few of many."""
_GROWTH = 4
_BEFORE_ALL = -1
_AFTER_ALL = 10**14


class _Kind(NamedTuple):
    """What tells one statement from another."""

    exact: bool
    times: tuple[str, ...] = ()  #: which ends of time are given, where keys are many
    reverse: bool = False


class Range(NamedTuple):
    """What a query is about: the places between two, neither of them included."""

    kind: _Kind
    low: Place
    high: Place
    times: tuple[tuple[str, int], ...]  #: ends of time, where they are no part of the places

    @property
    def asked(self) -> Asked:
        """Values for its statements."""
        (low_key, low_time), (high_key, high_time) = self.low, self.high
        return {
            "low_key": low_key,
            "low_time": low_time,
            "high_key": high_key,
            "high_time": high_time,
            **dict(self.times),
        }


def range_of(query: CaptureQuery) -> Range:
    """What a query is about. Captures of the time of `after` or `before` are all within.

    Raises UrlError.
    """
    start = None if query.start is None else int(query.start)
    end = None if query.end is None else int(query.end)
    times: tuple[tuple[str, int], ...] = ()
    if query.match == "exact":
        key = urlkey(query.url)
        low = key, _BEFORE_ALL if start is None else start - 1
        high = key, _AFTER_ALL if end is None else end + 1
        kind = _Kind(exact=True, reverse=query.reverse)
    else:
        first, last = prefix_range(query.url, query.match)
        low, high = (first, _BEFORE_ALL), (last, _BEFORE_ALL)
        ends = (("start", start), ("end", end))
        times = tuple((name, value) for name, value in ends if value is not None)
        kind = _Kind(False, tuple(name for name, _ in times), query.reverse)
    if query.after is not None:
        low = max(low, (query.after[0], int(query.after[1]) - 1))
    if query.before is not None:
        high = min(high, (query.before[0], int(query.before[1]) + 1))
    return Range(kind, low, high, times)


def walk(ask: AskBare, known: KnownSegments, query: CaptureQuery) -> Iterator[Capture]:
    """Captures in the order of CDXJ lines, (urlkey, timestamp), then (filename, offset), or in
    reverse.

    Batch after batch, each read at once: no transaction stays open while they are consumed.
    """
    about = range_of(query)
    size = _FIRST
    while about.low < about.high:
        batch = ask(*page_of(about, size))
        full = len(batch) == size
        if full:
            # Where a batch ends, equal times stay together: the last ones come with the next.
            last = _place(batch[-1])
            kept = [row for row in batch if _place(row) != last]
            batch = kept or ask(_all_at, {"low_key": last[0], "low_time": last[1]})
        named = known.of(batch)
        if named is None:
            continue
        ready = [rows.capture_of(row, *named[number_of(row)]) for row in batch]
        ready.sort(key=place_of, reverse=query.reverse)
        yield from _between(ready, query) if query.after or query.before else ready
        if not full:
            return
        end = _place(batch[-1])
        about = about._replace(high=end) if query.reverse else about._replace(low=end)
        size = min(_GROWTH * size, BATCH)


def page_of(about: Range, size: int = BATCH) -> tuple[Select[Any], Asked]:
    """The statement of the next batch, and its values."""
    return _page(about.kind), {**about.asked, "most": size}


def count(connection: Connection, query: CaptureQuery) -> int:
    """How many captures a query is about, `limit` aside. Raises UrlError."""
    if query.after or query.before:
        raise ValueError("captures of a part of a query are not counted")
    about = range_of(query)
    statement = select(func.count()).select_from(captures).where(_condition(about.kind))
    return connection.execute(statement, about.asked).scalar_one()


def next_block(ask: Ask, about: Range, begin: Place | None, size: int) -> Place | None:
    """Where the block behind the one that begins at `begin` begins, `size` captures further or a
    few more: those of the same key and time stay together. None: there is none behind it.

    Without `begin` where the first one does.
    """
    kind = about.kind._replace(reverse=False)
    skipped = 0
    if begin is not None:
        about = about._replace(low=(begin[0], begin[1] - 1))
        skipped = size
    found = _place_behind(ask, kind, about, skipped)
    if begin is not None and found == begin:
        found = _place_behind(ask, kind, about._replace(low=begin), 0)
    return found


def _place_behind(ask: Ask, kind: _Kind, about: Range, skipped: int) -> Place | None:
    found = ask(_step(kind), {**about.asked, "skipped": skipped})
    return (found[0].urlkey, found[0].timestamp) if found else None


def place_of(capture: Capture) -> CapturePlace:
    """Where it stands in the order of CDXJ lines."""
    return capture.urlkey, capture.timestamp, capture.filename, capture.offset


def _between(found: list[Capture], query: CaptureQuery) -> list[Capture]:
    after, before = query.after, query.before
    return [
        capture
        for capture in found
        if (after is None or place_of(capture) > after)
        and (before is None or place_of(capture) < before)
    ]


def _place(row: Values) -> Place:
    key, timestamp, *_ = row
    return key, timestamp


_order = captures.c.urlkey, captures.c.timestamp
_all_at = numbered_captures.where(
    captures.c.urlkey == bindparam("low_key"), captures.c.timestamp == bindparam("low_time")
)


@lru_cache
def _page(kind: _Kind) -> Select[Any]:
    """Numbers of segments are no part of the order: a rebuilt index has others."""
    order = [column.desc() for column in _order] if kind.reverse else _order
    # PostgreSQL, which thinks that a site has few captures, would join the segments to all of them,
    # and then sort.
    return numbered_captures.where(_condition(kind)).order_by(*order).limit(bindparam("most"))


@lru_cache
def _step(kind: _Kind) -> Select[Any]:
    return (
        select(*_order)
        .where(_condition(kind))
        .order_by(*_order)
        .limit(1)
        .offset(bindparam("skipped"))
    )


def _condition(kind: _Kind) -> ColumnElement[bool]:
    key, timestamp = _order
    if kind.exact:
        return and_(
            key == bindparam("low_key"),
            timestamp > bindparam("low_time"),
            timestamp < bindparam("high_time"),
        )
    ends = {"start": timestamp >= bindparam("start"), "end": timestamp <= bindparam("end")}
    return and_(
        tuple_(key, timestamp) > tuple_(bindparam("low_key"), bindparam("low_time")),
        tuple_(key, timestamp) < tuple_(bindparam("high_key"), bindparam("high_time")),
        *(ends[name] for name in kind.times),
    )
