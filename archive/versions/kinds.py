"""Which kinds of change there are between two texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

import regex  # type: ignore[import-untyped]  # ships no types

from archive.documents import count_words
from archive.scripts import IDEOGRAPHIC
from archive.versions.alignment import Alignment
from archive.versions.common import Run
from archive.versions.model import Kind, State
from archive.versions.words import SENTENCE_ENDS, Tokens

_SENTENCE = 8  # words: less is an edit, not a statement more or less
_MOST = 0.5  # of the words of both texts: more is another text
_DENSE = 0.6  # words of other scripts that a character of Chinese or Japanese is worth
_IDEOGRAPHIC = regex.compile(f"[{IDEOGRAPHIC}]")
_OF_TEXT: set[Kind] = {"correction", "addition", "removal", "rewrite", "metadata"}
_CLOSING = frozenset("\"')›」』》]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What was changed at one place."""

    removed: str
    added: str
    is_statement: bool  #: whether it begins and ends where sentences or lines do

    @property
    def kinds(self) -> set[Kind]:
        """What it is by itself."""
        removed, added = _extent(self.removed), _extent(self.added)
        if self.is_statement and bool(removed) != bool(added):
            return {"removal" if removed else "addition"}
        if max(removed, added) < _SENTENCE:
            return {"correction"}
        kinds = set[Kind]()
        if removed >= _SENTENCE / 2:
            kinds.add("removal")
        if added >= _SENTENCE / 2:
            kinds.add("addition")
        return kinds


def edits_of(old: Tokens, new: Tokens, alignment: Alignment) -> Iterator[Edit]:
    """What changed, place by place; whole lines side by side are one place. What moved did not."""
    sides = _Side(old, alignment.moved_old), _Side(new, alignment.moved_new)
    behind = Run(0, 0, 0)
    for run in [*alignment.runs, Run(len(old.keys), len(new.keys), 0)]:
        gaps = range(behind.old_end, run.old), range(behind.new_end, run.new)
        parts = (side.parts(gap) for side, gap in zip(sides, gaps, strict=True))
        for removed, added in zip(*parts, strict=True):
            if removed or added:
                yield Edit(
                    removed=sides[0].text(removed),
                    added=sides[1].text(added),
                    is_statement=sides[0].is_statement(removed) and sides[1].is_statement(added),
                )
        behind = run


class _Side:
    """One of the two texts, as its edits need it."""

    def __init__(self, tokens: Tokens, moved: frozenset[int]) -> None:
        self._tokens = tokens
        self._moved = moved
        self._ends = tokens.line_ends()

    def parts(self, gap: range) -> tuple[list[int], list[int], list[int]]:
        """The end of a line, whole lines, the beginning of one."""
        tokens = [token for token in gap if token not in self._moved]
        ends = [place for place, token in enumerate(tokens, 1) if self._ends[token]]
        whole = ends[-1] if ends else 0
        head = 0
        if tokens and not self._ends[tokens[0] - 1]:
            head = ends[0] if ends else len(tokens)
        whole = max(head, whole)
        return tokens[:head], tokens[head:whole], tokens[whole:]

    def text(self, tokens: Iterable[int]) -> str:
        """Of these tokens."""
        return "".join(self._tokens.shown[token] for token in tokens)

    def is_statement(self, tokens: Sequence[int]) -> bool:
        """Whether these begin and end where sentences or lines do; so do none."""
        return not tokens or (self._is_end(tokens[0] - 1) and self._is_end(tokens[-1]))

    def _is_end(self, token: int) -> bool:
        if self._ends[token]:
            return True
        keys = self._tokens.keys
        while token > 0 and keys[token] in _CLOSING:
            token -= 1
        return keys[token] in SENTENCE_ENDS


def _extent(text: str) -> float:
    """Its words, in a measure that is about the same in all scripts."""
    return count_words(text) - (1 - _DENSE) * len(_IDEOGRAPHIC.findall(text))


def kinds_of(
    edits: Sequence[Edit], shares: tuple[float, float], *, headline: bool, metadata: bool
) -> tuple[Kind, ...]:
    """`shares`: of the words of the old text those removed, of those of the new those added."""
    kinds = set[Kind]().union(*(edit.kinds for edit in edits))
    if min(shares) > _MOST:
        kinds = {"rewrite"}
    if headline:
        kinds.add("headline")
    if metadata and not kinds:
        kinds.add("metadata")
    return _in_order(kinds)


def kinds_between(
    older: State, newer: State, kinds: Iterable[Kind], *, returns: bool
) -> tuple[Kind, ...]:
    """`kinds`: those of the two texts. `returns`: what could not be read can be again."""
    if newer == "deleted":
        return () if older == "deleted" else ("deleted",)
    found = set(kinds)
    if newer == "paywalled" and older != "paywalled":
        found = found - _OF_TEXT | {"paywalled"}
    if returns:
        found.add("returned")
    return _in_order(found)


def _in_order(kinds: Collection[Kind]) -> tuple[Kind, ...]:
    return tuple(kind for kind in get_args(Kind) if kind in kinds)
