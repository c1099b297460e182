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


class Stock:
    """Of one collection. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._known: tuple[float, Amounts] | None = None

    def of(self, view: View) -> Amounts:
        """At most a minute old. Raises IndexFailure."""
        # While one counts the others wait: they would all count the same.
        with self._lock:
            now = self._clock()
            if self._known is None or now - self._known[0] > _SECONDS:
                amounts = Amounts(counts=view.counts(), sources=tuple(view.sources()))
                self._known = now, amounts
            return self._known[1]
