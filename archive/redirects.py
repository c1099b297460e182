"""Following archived redirects from capture to capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from archive.errors import NotArchived, UrlError, Withheld
from archive.index import CaptureQuery
from archive.memento import Memento
from archive.model import Capture
from archive.timestamps import to_datetime

_HOPS = 10


class Finder(Protocol):
    """Where captures are looked up."""

    def find(self, url: str, *, at: str | None = None) -> Capture:
        """See `Index.find`."""
        ...

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """See `Index.captures`."""
        ...


def follow(memento: Memento, finder: Finder, open_: Callable[[Capture], Memento]) -> Memento:
    """The snapshot that archived redirects lead to, nearest in time; 10 hops at the most.

    A redirect whose target is not archived, is withheld, or leads back, is itself the answer.
    """
    seen = {_place(memento.capture)}
    for _ in range(_HOPS):
        target = memento.location
        if target is None:
            break
        found = _target(finder, target, memento.capture.timestamp, seen)
        if found is None:
            break
        seen.add(_place(found))
        try:
            memento = open_(found)
        except Withheld:
            break
    return memento


def _target(finder: Finder, url: str, at: str, seen: set[tuple[str, int]]) -> Capture | None:
    try:
        found = finder.find(url, at=at)
        if _place(found) not in seen:
            return found
        # A redirect from http to https or to www has the key of its target, and its time.
        others = [
            capture
            for capture in finder.captures(CaptureQuery(url=url))
            if _place(capture) not in seen and 200 <= capture.status < 400
        ]
    except (NotArchived, UrlError, Withheld):
        return None
    wanted = to_datetime(at)
    return min(
        others,
        key=lambda c: (abs(to_datetime(c.timestamp) - wanted), c.url != url),
        default=None,
    )


def _place(capture: Capture) -> tuple[str, int]:
    return capture.filename, capture.offset
