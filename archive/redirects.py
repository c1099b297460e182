"""Following archived redirects from capture to capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Protocol

from archive.errors import NotArchived, UrlError, Withheld
from archive.index import CapturePlace, CaptureQuery
from archive.index.lookup import seconds
from archive.index.walking import place_of
from archive.memento import Memento
from archive.model import Capture

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
        earlier, later = (
            _nearest(finder.captures(query), seen)
            for query in (
                CaptureQuery(url=url, end=at, reverse=True),
                CaptureQuery(url=url, start=at),
            )
        )
    except (NotArchived, UrlError, Withheld):
        return None
    wanted = seconds(int(at))

    def preference(capture: Capture) -> tuple[int, bool, CapturePlace]:
        away = abs(seconds(int(capture.timestamp)) - wanted)
        return away, capture.url != url, place_of(capture)

    return min([*earlier, *later], key=preference, default=None)


def _nearest(captures: Iterator[Capture], seen: set[tuple[str, int]]) -> list[Capture]:
    """Those of the first time at which some were not seen and answer; a page that redirects to
    itself may have thousands."""
    fitting = (
        [one for one in together if 200 <= one.status < 400 and _place(one) not in seen]
        for _, together in groupby(captures, key=lambda capture: capture.timestamp)
    )
    return next(filter(None, fitting), [])


def _place(capture: Capture) -> tuple[str, int]:
    return capture.filename, capture.offset
