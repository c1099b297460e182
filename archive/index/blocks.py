"""Where the blocks begin that a long range of captures is cut into, so that a page can be found
without reading those before it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from archive.index.known import Ask
from archive.index.queries import CapturePlace, CaptureQuery
from archive.index.walking import Place, Range, next_block, range_of

BLOCK = 3000
"""Captures in a block when it is cut, as other archives have it."""

_RANGES = 64
_SECONDS = 86400


@dataclass(slots=True)
class _Cut:
    """A range as far as it has been cut."""

    since: float
    begins: list[Place] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


class Blocks:
    """Thread-safe. Cuts stay for a day, whatever is added meanwhile: who reads page after page
    misses nothing and gets nothing twice. Captures that come in belong to the block around them,
    and behind the last one to new blocks."""

    def __init__(self, ask: Ask, size: int = BLOCK) -> None:
        self._ask = ask
        self._size = size
        self._lock = Lock()
        self._cuts: OrderedDict[Range, _Cut] = OrderedDict()

    def number(self, query: CaptureQuery, most: int) -> int:
        """How many blocks there are; it stops to look at `most`. Raises UrlError."""
        return len(self._first(query, most))

    def begins(self, query: CaptureQuery, first: int, most: int) -> Sequence[CapturePlace]:
        """The place before each of `most` blocks from the number `first` on. Raises UrlError."""
        found = self._first(query, first + most)[first:]
        return [(key, f"{moment:014d}", "", -1) for key, moment in found]

    def _first(self, query: CaptureQuery, most: int) -> Sequence[Place]:
        """Where the first blocks begin; the range is cut as far as that."""
        about = range_of(query)
        cut = self._cut(about)
        with cut.lock:
            while len(cut.begins) < most:
                last = cut.begins[-1] if cut.begins else None
                found = next_block(self._ask, about, last, self._size)
                if found is None:
                    break
                cut.begins.append(found)
            return cut.begins[:most]

    def _cut(self, about: Range) -> _Cut:
        now = time.monotonic()
        with self._lock:
            cut = self._cuts.get(about)
            if cut is None or now - cut.since > _SECONDS:
                cut = self._cuts[about] = _Cut(since=now)
            self._cuts.move_to_end(about)
            if len(self._cuts) > _RANGES:
                self._cuts.popitem(last=False)
            return cut
