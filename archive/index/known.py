"""Segments by their numbers, learnt once: to join them to each capture takes as long again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, select

from archive.errors import IndexDamaged
from archive.index.rows import Found, Values
from archive.index.schema import captures, index_version, segments

Ask = Callable[[Select[Any], Mapping[str, Any]], Sequence[Found]]
"""Runs a statement that does not change, with values, in a transaction of its own."""

AskBare = Callable[[Select[Any], Mapping[str, Any]], Sequence[Values]]
"""The same for thousands of rows."""

Named = Mapping[int, tuple[str, str]]
"""File name and source, by number."""

numbered_captures = select(
    *captures.c, select(index_version.c.generation).scalar_subquery().label("generation")
)
"""Captures without their segments, for `KnownSegments`.

With the index that they are of: in a rebuilt one a segment has another number.
"""

_SEGMENT = itemgetter(list(captures.c).index(captures.c.segment))
_GENERATION = -1

# At least one row, so that it says of which index there is none.
_numbered = select(
    index_version.c.generation, segments.c.id, segments.c.filename, segments.c.source
).outerjoin_from(
    index_version, segments, segments.c.id.between(bindparam("first"), bindparam("last"))
)


def number_of(row: Values) -> int:
    """The number of the segment of such a row."""
    number: int = _SEGMENT(row)
    return number


class KnownSegments:
    """Thread-safe. What is committed of a segment under its number never changes."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: tuple[int, Named] = (0, {})

    def of(self, found: Sequence[Values]) -> Named | None:
        """The segments of rows of `numbered_captures`, by number.

        None when another index has taken the place of theirs since. Raises IndexUnavailable.
        """
        if not found:
            return {}
        index = found[0][_GENERATION]
        current, known = self._known
        if current != index:
            known = {}
        unknown = set(map(_SEGMENT, found)).difference(known)
        if unknown:
            answer = self._ask(_numbered, {"first": min(unknown), "last": max(unknown)})
            if answer[0].generation != index:
                return None
            known = {**known, **{row.id: (row.filename, row.source) for row in answer}}
            if not unknown <= known.keys():
                raise IndexDamaged(
                    "the index is damaged, it has captures of segments that it does not know: run "
                    "`pressmark rebuild-index`, which makes it again; nothing in storage is lost"
                )
            self._known = index, known
        return known
