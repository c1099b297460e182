"""Which words of an old text are which of a new one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import regex  # type: ignore[import-untyped]  # ships no types

from archive.scripts import IDEOGRAPHIC, UNSPACED
from archive.versions.common import Run, common_runs
from archive.versions.words import SENTENCE_ENDS, Tokens

_CHANCE = 3  # words in turn that unlike sentences may share
_DENSE = 2  # letters of others that a character of scripts without spaces is worth
_UNPARTED = regex.compile(f"[{IDEOGRAPHIC}{UNSPACED}]")
_WORD = regex.compile(r"[\p{L}\p{N}]")
_PAUSES = frozenset(",;:،、-")

Numbers = list[int]
"""A number for each token or line of a text; equal where two are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Two texts side by side."""

    runs: tuple[Run, ...]  #: tokens that stayed, in the order of both texts
    moved_old: frozenset[int]  #: tokens of the old text, of lines that the new one has elsewhere
    moved_new: frozenset[int]  #: the same of the new text


def align(old: Tokens, new: Tokens) -> Alignment:
    """The same for the two in either order, turned round."""
    if old.keys == new.keys:
        whole = Run(0, 0, len(old.keys))
        return Alignment(runs=(whole,), moved_old=frozenset(), moved_new=frozenset())
    if old.keys < new.keys:
        return _aligned(old, new)
    turned = _aligned(new, old)
    return Alignment(
        runs=tuple(Run(run.new, run.old, run.length) for run in turned.runs),
        moved_old=turned.moved_new,
        moved_new=turned.moved_old,
    )


def _aligned(old: Tokens, new: Tokens) -> Alignment:
    """Lines first, then the words of those lines that are not the same."""
    lines = _numbered(old.line_keys(), new.line_keys())
    kept = common_runs(*lines)
    moved = _moved(lines, kept)
    moved_tokens = _tokens_in(old, moved[0]), _tokens_in(new, moved[1])
    words = _numbered(old.keys, new.keys)
    _set_apart(words, moved_tokens)
    sides = _Side(old, words[0]), _Side(new, words[1])
    runs = list[Run]()
    behind = Run(0, 0, 0)
    bounds = [*old.lines, len(old.keys)], [*new.lines, len(new.keys)]
    for line_run in [*kept, Run(len(lines[0]), len(lines[1]), 0)]:
        start, end = bounds[0][line_run.old], bounds[0][line_run.old_end]
        run = Run(start, bounds[1][line_run.new], end - start)
        runs += _of_gap(*sides, behind, run)
        runs.append(run)
        behind = run
    return Alignment(
        runs=tuple(_slid(_joined(runs), *sides)),
        moved_old=moved_tokens[0],
        moved_new=moved_tokens[1],
    )


class _Side:
    """One of the two texts, as aligning needs it."""

    def __init__(self, tokens: Tokens, numbers: Numbers) -> None:
        self.numbers = numbers
        self._keys = tokens.keys
        self._line_ends = tokens.line_ends()
        weights = {key: _weight(key) for key in set(tokens.keys)}
        self._weights = [0, *accumulate(weights[key] for key in tokens.keys)]
        self._words = [0, *accumulate(weights[key] > 0 for key in tokens.keys)]

    def weight(self, start: int, end: int) -> int:
        """Letters of these tokens; signs weigh nothing."""
        return self._weights[end] - self._weights[start]

    def words(self, start: int, end: int) -> int:
        """How many of these tokens are words."""
        return self._words[end] - self._words[start]

    def rest_before(self, start: int) -> int:
        """How good a place this is for something to begin that was put in."""
        if self._line_ends[start - 1]:
            return 3
        if self._keys[start - 1] in SENTENCE_ENDS:
            return 2
        return int(self._keys[start - 1] in _PAUSES)


def _weight(key: str) -> int:
    if key.isascii():
        return len(key) if key[:1].isalnum() else 0
    if not _WORD.search(key):
        return 0
    return len(key) + (_DENSE - 1) * len(_UNPARTED.findall(key))


def _numbered(old: Iterable[Hashable], new: Iterable[Hashable]) -> tuple[Numbers, Numbers]:
    known: dict[Hashable, int] = {}

    def number(keys: Iterable[Hashable]) -> Numbers:
        return [known.setdefault(key, len(known)) for key in keys]

    return number(old), number(new)


def _moved(lines: tuple[Numbers, Numbers], kept: Sequence[Run]) -> tuple[list[int], list[int]]:
    """Lines that both have, in another order: their numbers in the one and in the other."""
    stayed = (
        {line for run in kept for line in range(run.old, run.old_end)},
        {line for run in kept for line in range(run.new, run.new_end)},
    )
    waiting = defaultdict[int, list[int]](list)
    for line, number in reversed(list(enumerate(lines[0]))):
        if line not in stayed[0]:
            waiting[number].append(line)
    moved = list[int](), list[int]()
    for line, number in enumerate(lines[1]):
        if line not in stayed[1] and waiting[number]:
            moved[0].append(waiting[number].pop())
            moved[1].append(line)
    return moved


def _tokens_in(tokens: Tokens, lines: Iterable[int]) -> frozenset[int]:
    bounds = [*tokens.lines, len(tokens.keys)]
    return frozenset(t for line in lines for t in range(bounds[line], bounds[line + 1]))


def _set_apart(
    words: tuple[Numbers, Numbers], moved: tuple[frozenset[int], frozenset[int]]
) -> None:
    """Words of moved lines are those of no others."""
    free = sum(map(len, words))
    for numbers, tokens in zip(words, moved, strict=True):
        for token in tokens:
            numbers[token] = free
            free += 1


def _of_gap(old: _Side, new: _Side, before: Run, behind: Run) -> list[Run]:
    """Words in lines that are not the same, between lines that are."""
    start = before.old_end, before.new_end
    found = common_runs(old.numbers[start[0] : behind.old], new.numbers[start[1] : behind.new])
    runs = list[Run]()
    ends = Run(*start, 0), Run(behind.old, behind.new, 0)
    shifted = [Run(start[0] + run.old, start[1] + run.new, run.length) for run in found]
    for run in [*shifted, ends[1]]:
        while runs and _is_chance(old, new, runs[-2] if len(runs) > 1 else ends[0], runs[-1], run):
            runs.pop()
        runs.append(run)
    # Two sentences are not alike because both end with a full stop.
    return runs[:-1] if any(old.weight(run.old, run.old_end) for run in runs) else []


def _is_chance(old: _Side, new: _Side, before: Run, run: Run, behind: Run) -> bool:
    """Whether a few words that stayed tell less than what changed on both sides of them."""
    if old.words(run.old, run.old_end) > _CHANCE:
        return False
    weight = old.weight(run.old, run.old_end)
    return all(
        max(old.weight(first.old_end, then.old), new.weight(first.new_end, then.new)) > weight
        for first, then in pairwise((before, run, behind))
    )


def _joined(runs: Iterable[Run]) -> list[Run]:
    joined = list[Run]()
    for run in runs:
        last = joined[-1] if joined else None
        if last and (last.old_end, last.new_end) == (run.old, run.new):
            joined[-1] = Run(last.old, last.new, last.length + run.length)
        elif run.length:
            joined.append(run)
    return joined


def _slid(runs: list[Run], old: _Side, new: _Side) -> list[Run]:
    """Where the same words may be called new in several ways ("a [b a] c", "[a b] a c"), the way
    that begins a line or a sentence.
    """
    for number, (before, behind) in enumerate(pairwise(runs)):
        if before.old_end == behind.old:
            shift = _best_shift(new, before.new_end, behind.new, before, behind)
        elif before.new_end == behind.new:
            shift = _best_shift(old, before.old_end, behind.old, before, behind)
        else:
            continue
        if shift:
            runs[number] = Run(before.old, before.new, before.length + shift)
            runs[number + 1] = Run(behind.old + shift, behind.new + shift, behind.length - shift)
    return [run for run in runs if run.length]


def _best_shift(side: _Side, start: int, end: int, before: Run, behind: Run) -> int:
    """By how many tokens to move [start, end), which only this text has."""
    numbers = side.numbers
    shifts = [0]
    for shift in range(1, before.length):  # its first token stays
        if numbers[start - shift] != numbers[end - shift]:
            break
        shifts.append(-shift)
    for shift in range(behind.length):
        if numbers[start + shift] != numbers[end + shift]:
            break
        shifts.append(shift + 1)
    return max(shifts, key=lambda shift: (side.rest_before(start + shift), -abs(shift)))
