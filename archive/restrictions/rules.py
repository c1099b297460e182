"""Restrictions in force, ready to be asked of many captures."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate

from archive.restrictions.model import Decision, Lifting, Restriction, Standing
from archive.urlkey import prefix_range, urlkey

Found = tuple[Restriction, ...]


def standings_of(decisions: Iterable[Decision], moment: str) -> list[Standing]:
    """All restrictions, in the order of their ids, at a time of 14 digits."""
    made = sorted(decisions, key=lambda decision: decision.id)
    lifted: dict[str, Lifting] = {}
    for one in made:
        if isinstance(one, Lifting):
            # Two may have been made at once in two places.
            lifted.setdefault(one.lifts, one)
    return [
        Standing(
            restriction=one,
            lifted=lifted.get(one.id),
            in_force=one.id not in lifted and (one.until is None or moment < one.until),
        )
        for one in made
        if isinstance(one, Restriction)
    ]


def is_beside(restriction: Restriction) -> bool:
    """Whether the URL itself is none of those that it stands for; it is withheld with them.

    The key of .../news/ is that of .../news, and those below it begin with a slash more; a domain
    is on default ports.
    """
    if restriction.url is None:
        return False
    low, high = prefix_range(restriction.url, restriction.match)
    return not low <= urlkey(restriction.url) < high


class Rules:
    """Immutable; of one moment."""

    def __init__(self, decisions: Iterable[Decision], moment: str) -> None:
        """`moment`: 14 digits."""
        self.in_force: Found = tuple(
            one.restriction for one in standings_of(decisions, moment) if one.in_force
        )
        ends = (one.until for one in self.in_force if one.until is not None)
        self.expires: str | None = min(ends, default=None)
        """When other rules will be in force, 14 digits; None: as long as nobody decides."""
        self.digests: dict[str, Found] = _by_digest(self.in_force)
        self._exact: dict[str, list[Restriction]] = defaultdict(list)
        ranges: list[tuple[str, str, Restriction]] = []
        for one in self.in_force:
            if one.url is None:
                continue
            if one.match == "exact" or is_beside(one):
                self._exact[urlkey(one.url)].append(one)
            if one.match != "exact":
                ranges.append((*prefix_range(one.url, one.match), one))
        self._exact_keys = sorted(self._exact)
        ranges.sort(key=lambda found: found[:2])
        self._ranges = ranges
        self._lows = [low for low, _, _ in ranges]
        # How far any of the ranges reaches that begin there or before.
        self._reach = list(accumulate((high for _, high, _ in ranges), max))

    def __bool__(self) -> bool:
        return bool(self.in_force)

    def of_key(self, key: str) -> list[Restriction]:
        """Those of URLs that a key belongs to, whatever the time."""
        found = self._exact.get(key)
        covering = [] if found is None else list(found)
        place = bisect_right(self._lows, key) - 1
        while place >= 0 and self._reach[place] > key:
            _, high, restriction = self._ranges[place]
            if key < high:
                covering.append(restriction)
            place -= 1
        return covering

    def of(self, key: str, timestamp: str, digest: str) -> Found:
        """Those that withhold a capture with these fields."""
        found = self.digests.get(digest, ()) if self.digests else ()
        by_url = self.of_key(key)
        if by_url:
            found += tuple(
                one
                for one in by_url
                if (one.start is None or one.start <= timestamp)
                and (one.end is None or timestamp <= one.end)
            )
        return found

    def touches(self, key: str) -> bool:
        """Whether a capture of that key may be withheld."""
        return bool(self.digests) or bool(self.of_key(key))

    def touches_any(self, low: str, high: str) -> bool:
        """Whether a capture of a key from `low` on, and before `high`, may be withheld."""
        if self.digests:
            return True
        place = bisect_left(self._exact_keys, low)
        if place < len(self._exact_keys) and self._exact_keys[place] < high:
            return True
        before = bisect_left(self._lows, high)
        return before > 0 and self._reach[before - 1] > low

    def whole(self, key: str) -> Found:
        """Those that withhold every capture of a key."""
        return tuple(one for one in self.of_key(key) if one.start is None and one.end is None)

    def timed(self, key: str) -> Found:
        """Those that withhold the captures of a key that are of some time."""
        return tuple(one for one in self.of_key(key) if one.start or one.end)


def _by_digest(restrictions: Iterable[Restriction]) -> dict[str, Found]:
    found: dict[str, list[Restriction]] = defaultdict(list)
    for one in restrictions:
        if one.digest is not None:
            found[one.digest].append(one)
    return {digest: tuple(ones) for digest, ones in found.items()}


NOTHING = Rules((), "")
"""Nothing is withheld."""
