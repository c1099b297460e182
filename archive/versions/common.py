"""The longest common part of two sequences, in reasonable time for any two."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

_LARGEST = 100_000_000  # pairs of items that are looked at at once: 12 MB, 50 ms
_ANCHOR = 6  # items in turn, which in texts are seldom the same by chance
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Run:
    """`length` items that are the same from `old` on in the one sequence, from `new` on in the
    other."""

    old: int
    new: int
    length: int

    @property
    def old_end(self) -> int:
        """The item behind it in the one."""
        return self.old + self.length

    @property
    def new_end(self) -> int:
        """The item behind it in the other."""
        return self.new + self.length


def common_runs(old: Sequence[int], new: Sequence[int]) -> list[Run]:
    """What both have in the same order, in that order: as much as there is.

    Of what is too large for that, as much as lies between groups of items that both have once.
    """
    return list(_common(old, new, Run(0, 0, 0), _ROUNDS))


def _common(old: Sequence[int], new: Sequence[int], at: Run, rounds: int) -> Iterator[Run]:
    """`at`: where the two sequences, which are parts, begin."""
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head:
        yield Run(at.old, at.new, head)
    ends = len(old) - tail, len(new) - tail
    inner = Run(at.old + head, at.new + head, 0)
    yield from _inside(old[head : ends[0]], new[head : ends[1]], inner, rounds)
    if tail:
        yield Run(at.old + ends[0], at.new + ends[1], tail)


def _inside(old: Sequence[int], new: Sequence[int], at: Run, rounds: int) -> Iterator[Run]:
    if not old or not new:
        return
    if len(old) * len(new) <= _LARGEST:
        for code in LCSseq.opcodes(old, new):
            if code.tag == "equal":
                length = code.src_end - code.src_start
                yield Run(at.old + code.src_start, at.new + code.dest_start, length)
        return
    anchors = _anchors(old, new) if rounds else []
    if not anchors:
        return
    before = Run(0, 0, 0)
    for run in [*anchors, Run(len(old), len(new), 0)]:
        gap = Run(at.old + before.old_end, at.new + before.new_end, 0)
        parts = old[before.old_end : run.old], new[before.new_end : run.new]
        yield from _common(*parts, gap, rounds - 1)
        if run.length:
            yield Run(at.old + run.old, at.new + run.new, run.length)
        before = run


def _anchors(old: Sequence[int], new: Sequence[int]) -> list[Run]:
    """Groups that both have exactly once, as many as are in the same order in both."""
    places = _single(new)
    found = [(place, places[group]) for group, place in _single(old).items() if group in places]
    found.sort()
    runs = list[Run]()
    for place, other in _rising(found):
        last = runs[-1] if runs else Run(0, 0, 0)
        if place - other == last.old - last.new and place <= last.old_end and runs:
            runs[-1] = Run(last.old, last.new, place + _ANCHOR - last.old)
        elif place >= last.old_end and other >= last.new_end:
            runs.append(Run(place, other, _ANCHOR))
    return runs


def _single(items: Sequence[int]) -> dict[tuple[int, ...], int]:
    groups = list(zip(*(items[start:] for start in range(_ANCHOR)), strict=False))
    often = Counter(groups)
    return {group: place for place, group in enumerate(groups) if often[group] == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of the pairs, which rise in their first number, that rise in their second too."""
    lowest = list[int]()  # the least second number that a chain of so many pairs ends with
    ends = list[int]()  # which pair that is
    before = list[int]()
    for number, (_, other) in enumerate(pairs):
        length = bisect_left(lowest, other)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [other]
        ends[length : length + 1] = [number]
    chain = list[tuple[int, int]]()
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]
