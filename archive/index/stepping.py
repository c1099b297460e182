"""`Index.find` and `Index.neighbours` where some captures are passed over: captures of a key from a
time on, forward or back, until one fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice, repeat

from sqlalchemy import bindparam, select

from archive.index import rows
from archive.index.known import Ask
from archive.index.lookup import (
    ANY,
    Statuses,
    joined_captures,
    nearest_time,
    precedence,
    ranks_of,
)
from archive.index.queries import Neighbours
from archive.index.schema import captures
from archive.model import Capture

Hidden = Callable[[Capture], bool]
"""Whether a capture is to be passed over."""

HiddenVersion = Callable[[str, str, str], bool]
"""The same by its urlkey, timestamp and digest."""

_STEP = 100
"""Rows that are read at once."""
_LAST = 10**14

_of_key = (
    captures.c.urlkey == bindparam("key"),
    captures.c.status.between(bindparam("low"), bindparam("high")),
    captures.c.timestamp.between(bindparam("start"), bindparam("end")),
)
_time = select(captures.c.timestamp).where(*_of_key).offset(_STEP).limit(1)
_forward = _time.order_by(captures.c.timestamp)
_back = _time.order_by(captures.c.timestamp.desc())
_between = joined_captures.where(*_of_key)

_ENDS = 4
_digests_at = select(captures.c.timestamp, captures.c.digest).where(
    captures.c.urlkey == bindparam("key"),
    captures.c.timestamp.in_([bindparam(f"at{number}") for number in range(_ENDS)]),
)


def neighbours(
    ask: Ask, key: str, timestamp: str, ends: Neighbours, hidden: HiddenVersion
) -> Neighbours:
    """What `Index.neighbours` promises, of the captures that are not hidden, in one look where it
    is what it is of all, `ends`."""
    times = {time for time in (ends.first, ends.previous, ends.next, ends.last) if time}
    shown = _shown_at(ask, key, sorted(times), hidden)
    if times <= shown:
        return ends
    steps = Steps(ask, key, lambda one: hidden(one.urlkey, one.timestamp, one.digest))
    at = int(timestamp)
    return Neighbours(
        ends.first if ends.first in shown else steps.time(),
        ends.previous if ends.previous in shown else steps.time(end=at - 1, back=True),
        ends.next if ends.next in shown else steps.time(at + 1),
        ends.last if ends.last in shown else steps.time(back=True),
    )


def _shown_at(ask: Ask, key: str, times: Sequence[str], hidden: HiddenVersion) -> set[str]:
    """Those of the times, four at the most, at which a capture is not hidden."""
    wanted = islice(chain(times, repeat(times[0])), _ENDS)
    asked: dict[str, str | int] = {f"at{number}": int(time) for number, time in enumerate(wanted)}
    found = [
        (f"{row.timestamp:014d}", rows.digest_text(row.digest))
        for row in ask(_digests_at, {"key": key, **asked})
    ]
    return {time for time, digest in found if not hidden(key, time, digest)}


class Steps:
    """The captures of one key that are not hidden."""

    def __init__(self, ask: Ask, key: str, hidden: Hidden) -> None:
        self._ask = ask
        self._key = key
        self._hidden = hidden

    def choose(self, at: str | None, any_status: bool) -> Capture | None:
        """What `Index.find` promises, of those that are not hidden."""
        for statuses in ranks_of(at, any_status):
            found = self._newest(statuses) if at is None else self._nearest(int(at), statuses)
            if found is not None:
                return found
        return None

    def time(self, start: int = 0, end: int = _LAST, *, back: bool = False) -> str | None:
        """That of the first capture between two times, or `back` of the last; None: of none."""
        found = next(self._walk(start, end, back=back), None)
        return None if found is None else found.timestamp

    def _newest(self, statuses: Statuses) -> Capture | None:
        return next(self._walk(0, back=True, statuses=statuses), None)

    def _nearest(self, at: int, statuses: Statuses) -> Capture | None:
        exact = next(self._walk(at, at), None)
        if exact is not None:
            return exact
        around = (
            next(self._walk(0, at, back=True, statuses=statuses), None),
            next(self._walk(at, statuses=statuses), None),
        )
        found = {capture.timestamp: capture for capture in around if capture is not None}
        return found[f"{nearest_time(map(int, found), at):014d}"] if found else None

    def _walk(
        self, start: int, end: int = _LAST, *, back: bool = False, statuses: Statuses = ANY
    ) -> Iterator[Capture]:
        """Captures between two times, from the one on or back from the other; of the same time
        those that `Index.find` prefers come first."""
        low, high = statuses
        while start <= end:
            asked: dict[str, str | int]
            asked = {"key": self._key, "low": low, "high": high, "start": start, "end": end}
            # Times alone: where a step ends, those that are equal stay together.
            further = self._ask(_back if back else _forward, asked)
            if further:
                asked["start" if back else "end"] = further[0].timestamp
            found = [rows.joined_capture(row) for row in self._ask(_between, asked)]
            found.sort(key=precedence, reverse=True)
            found.sort(key=lambda capture: capture.timestamp, reverse=back)
            yield from (capture for capture in found if not self._hidden(capture))
            if not further:
                return
            if back:
                end = further[0].timestamp - 1
            else:
                start = further[0].timestamp + 1
