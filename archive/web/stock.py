"""How much there is, counted now and then: to count millions of rows takes a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from archive.index import Counts, SourceCounts
from archive.view import View

_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """At one moment."""

    counts: Counts
    sources: tuple[SourceCounts, ...]
    begun_last: tuple[str, ...]  #: file names of segments, see `Index.begun_last`


class Stock:
    """Of one collection. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._known: tuple[float, Amounts] | None = None

    def of(self, view: View) -> Amounts:
        """A minute old at most, or as old as they are while they are counted anew. Raises
        IndexFailure."""
        known = self._known
        if known is not None and self._clock() - known[0] <= _SECONDS:
            return known[1]
        # While one counts the others have the old numbers: they would hold all threads. At first
        # they wait, for there are none.
        if not self._lock.acquire(blocking=known is None):
            assert known is not None
            return known[1]
        try:
            if self._known is not None and self._known is not known:
                return self._known[1]
            now = self._clock()
            amounts = Amounts(
                counts=view.counts(),
                sources=tuple(view.sources()),
                begun_last=tuple(view.begun_last()),
            )
            self._known = now, amounts
            return amounts
        finally:
            self._lock.release()
