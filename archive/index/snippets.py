"""Parts of texts around the words that were searched, and where these stand in them."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import regex  # type: ignore[import-untyped]  # ships no types

from archive.index.analyser import NO_SPACES, PLAIN_WORD, WORD, accented, tokens
from archive.index.words import Alternatives
from archive.scripts import NOT_PLAIN

_WIDTH = 240
_BEFORE = 60
_UNIT = regex.compile(f"{NO_SPACES.pattern}|{WORD.pattern}")

Span = tuple[int, int]
"""Where something begins, and where it ends, behind its last character."""


class Snippets:
    """Of the hits of one search. Not thread-safe."""

    def __init__(self, words: Sequence[Alternatives]) -> None:
        phrases = [phrase for word in words for phrase in word]
        self._wanted = {phrase.tokens for phrase in phrases if not phrase.prefix}
        self._lone = {phrase.tokens[0] for phrase in phrases if phrase.prefix}
        self._sizes = sorted({len(found) for found in self._wanted}, reverse=True)
        # Most tokens end no phrase, and are no more than looked at.
        self._ends = {found[-1] for found in self._wanted}

    def of(self, text: str, stemmer: str) -> tuple[str, tuple[Span, ...]]:
        """About 240 characters around the first match, on one line, and the matches in them.

        `stemmer` is that of the text.
        """
        text = " ".join(text.split())
        first = next(self._places(text, stemmer, self._beginning(text, stemmer)), (0, 0))
        start = _boundary(text, max(0, first[0] - _BEFORE))
        end = min(len(text), start + _WIDTH)
        if end < len(text):
            end = max(text.rfind(" ", start, end), first[1], start + _WIDTH // 2)
        spans = [first] if first[1] else []
        for place in self._places(text, stemmer, first[1], end) if spans else ():
            if place[1] <= end and place[0] >= spans[-1][1]:
                spans.append(place)
        left, right = "…" if start else "", "…" if end < len(text) else ""
        shift = len(left) - start
        return (
            f"{left}{text[start:end]}{right}",
            tuple((begin + shift, behind + shift) for begin, behind in spans),
        )

    def _places(
        self, text: str, stemmer: str, start: int, stop: int | None = None
    ) -> Iterator[Span]:
        """Where one of the phrases stands, in the order of their ends; of words that begin in
        between `start` and `stop`."""
        last: deque[tuple[str, int, int]] = deque(maxlen=self._sizes[0] if self._sizes else 1)
        for token, plain, begin, end in _located(text, stemmer, start):
            if stop is not None and begin >= stop:
                return
            last.append((token, begin, end))
            if token not in self._ends and plain not in self._ends and token[:1] not in self._lone:
                continue
            recent = list(last)
            if token[:1] in self._lone:
                yield begin, begin + 1
            elif (plain,) in self._wanted:
                yield begin, end
            for size in self._sizes:
                found = tuple(token for token, _, _ in recent[-size:])
                if found in self._wanted and size <= len(recent):
                    yield recent[-size][1], end
                    break

    def _beginning(self, text: str, stemmer: str) -> int:
        """A place before which no phrase begins; quick for plain texts."""
        if self._lone or not self._wanted or NOT_PLAIN.search(text):
            return 0
        starts: deque[int] = deque(maxlen=self._sizes[0])
        start = 0
        # Split at spaces: in a fifth of the time that words take.
        for part in text.split(" "):
            forms = _forms(part, stemmer)
            if forms.tokens:
                starts.append(start)
                if not self._ends.isdisjoint(forms.all):
                    return starts[0]
            start += len(part) + 1
        return len(text)


def _boundary(text: str, start: int) -> int:
    """The beginning of a word at or shortly behind `start`."""
    if start == 0:
        return 0
    space = text.find(" ", start, start + _BEFORE)
    return start if space < 0 else space + 1


def _located(text: str, stemmer: str, start: int) -> Iterator[tuple[str, str, int, int]]:
    """Tokens of a text as the analyser gives them, the form without accents, start and end."""
    plain_text = not NOT_PLAIN.search(text)
    units = PLAIN_WORD if plain_text else _UNIT
    for unit in units.finditer(text, start):
        run, at = unit[0], unit.start()
        if not plain_text and NO_SPACES.match(run):
            for i in range(max(1, len(run) - 1)):
                token = _folded(run[i : i + 2])
                yield token, token, at + i, at + min(i + 2, len(run))
        else:
            end = unit.end()
            found, plain, _ = _forms(run, stemmer)
            for token in found:
                yield token, plain, at, end


class _Forms(NamedTuple):
    tokens: tuple[str, ...]
    plain: str  #: of the first accented word, without its accents, or ""
    all: frozenset[str]


@lru_cache(1 << 16)
def _forms(part: str, stemmer: str) -> _Forms:
    """Of a part of a text as it stands there."""
    found, plain = tuple(tokens(part, stemmer)), tuple(accented(part, stemmer))
    return _Forms(found, plain[0] if plain else "", frozenset(found + plain))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
