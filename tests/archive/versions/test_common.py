"""The longest common part of two sequences."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from archive.versions import common
from archive.versions.common import Run, common_runs

ITEMS = st.lists(st.integers(0, 5), max_size=40)


def check(old: list[int], new: list[int], runs: list[Run]) -> int:
    """Runs are in order, do not overlap, and are the same on both sides; how much they are."""
    behind = Run(0, 0, 0)
    for run in runs:
        assert run.length > 0
        assert run.old >= behind.old_end
        assert run.new >= behind.new_end
        assert old[run.old : run.old_end] == new[run.new : run.new_end]
        behind = run
    assert behind.old_end <= len(old)
    assert behind.new_end <= len(new)
    return sum(run.length for run in runs)


def longest(old: list[int], new: list[int]) -> int:
    """The length of the longest common subsequence, in the slow and plain way."""
    row = [0] * (len(new) + 1)
    for item in old:
        above, row = row, [0]
        for place, other in enumerate(new):
            row.append(above[place] + 1 if item == other else max(above[place + 1], row[place]))
    return row[-1]


@given(ITEMS, ITEMS)
def test_nothing_longer_is_common(old: list[int], new: list[int]) -> None:
    assert check(old, new, common_runs(old, new)) == longest(old, new)


def test_what_is_large_is_anchored() -> None:
    chance = random.Random(7)
    old = [chance.randrange(3000) for _ in range(20_000)]
    new = [item if chance.random() > 0.02 else -item - 3 for item in old]
    inserted = [chance.randrange(5000, 9000) for _ in range(3000)]
    new[12_000:12_000] = inserted
    assert len(old) * len(new) > common._LARGEST
    kept = check(old, new, common_runs(old, new))
    assert kept >= sum(1 for item in new if item >= 0) - len(inserted)


def test_large_sequences_with_nothing_in_common() -> None:
    old, new = list(range(20_000)), list(range(20_000, 40_000))
    assert common_runs(old, new) == []


def test_large_sequences_whose_parts_have_changed_places() -> None:
    first, second = list(range(15_000)), list(range(15_000, 32_000))
    old, new = first + second, second + first
    assert check(old, new, common_runs(old, new)) == len(second)
