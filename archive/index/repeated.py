"""What a revisit may repeat: captures of a URL from its time on back, then those behind it, then
those before it in its own file. No more than some thousand rows are looked at of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    UnaryExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from archive.errors import UrlError
from archive.index import rows
from archive.index.known import Ask
from archive.index.lookup import joined_captures, of_named
from archive.index.schema import captures
from archive.model import Capture
from archive.urlkey import urlkey

NEAR = 100
"""Captures of each kind that are told at the most."""

_LOOKED_AT = 20_000
_AFTER_ALL = 10**18

_Order = tuple[UnaryExpression[Any], ...]


class _Where:
    """Rows in an order, and from among the first ones those that fit."""

    def __init__(
        self, those: ColumnElement[bool], measure: ColumnElement[int], order: _Order, *, back: bool
    ) -> None:
        """`measure`: what they are ordered by first."""
        last = (
            select(measure).where(those).order_by(*order).offset(bindparam("looked_at")).limit(1)
        ).scalar_subquery()
        end = func.coalesce(last, -1 if back else _AFTER_ALL)
        held = or_(captures.c.mime.is_(None), captures.c.mime != "warc/revisit")
        few = and_(those, held, measure >= end if back else measure <= end)
        every = joined_captures.where(few).order_by(*order).limit(NEAR)
        self.near = every
        self.named = every.where(captures.c.record_id == bindparam("record_id"))
        self.like = every.where(captures.c.digest == bindparam("digest"))


_of_key = captures.c.urlkey == bindparam("key")
_place = captures.c.timestamp, captures.c.segment, captures.c.offset
_earlier = _Where(
    and_(_of_key, captures.c.timestamp <= bindparam("at")),
    captures.c.timestamp,
    tuple(column.desc() for column in _place),
    back=True,
)
_later = _Where(
    and_(_of_key, captures.c.timestamp > bindparam("at")),
    captures.c.timestamp,
    tuple(column.asc() for column in _place),
    back=False,
)
_before = _Where(
    and_(of_named(captures.c.segment), captures.c.offset < bindparam("start")),
    captures.c.offset,
    (captures.c.segment.desc(), captures.c.offset.desc()),
    back=True,
)


class Repeated:
    """Captures that hold a payload themselves, the likeliest first. Methods raise as those of
    `Index` do; a URL that is none has no capture."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def named(self, revisit: Capture, url: str, record_id: str) -> Iterator[Capture]:
        """Those whose record has an id."""
        asked = {"record_id": rows.record_id_bytes(record_id)}
        return self._told(revisit, url, asked, _earlier.named, _later.named, _before.named)

    def like(self, revisit: Capture, url: str, digest: str) -> Iterator[Capture]:
        """Those that the index has with a digest."""
        asked = {"digest": rows.digest_bytes(digest)}
        return self._told(revisit, url, asked, _earlier.like, _later.like, _before.like)

    def near(self, revisit: Capture, url: str) -> Iterator[Capture]:
        """Those that are nearest."""
        return self._told(revisit, url, {}, _earlier.near, _later.near, _before.near)

    def _told(
        self,
        revisit: Capture,
        url: str,
        asked: Mapping[str, bytes | int],
        earlier: Select[Any],
        later: Select[Any],
        before: Select[Any],
    ) -> Iterator[Capture]:
        asked = {**asked, "looked_at": _LOOKED_AT}
        try:
            of_url = {**asked, "key": urlkey(url), "at": int(revisit.timestamp)}
        except UrlError:
            pass
        else:
            for statement in (earlier, later):
                yield from map(rows.joined_capture, self._ask(statement, of_url))
        in_file = {**asked, "name": revisit.filename, "start": revisit.offset}
        yield from map(rows.joined_capture, self._ask(before, in_file))
