"""Parts of texts around the words that were searched, and where these stand in them."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import regex  # type: ignore[import-untyped]  # ships no types

from archive.index.analyser import NO_SPACES, PLAIN_WORD, WORD, accented, tokens
from archive.index.words import Alternatives
from archive.scripts import NOT_PLAIN

_WIDTH = 240
_BEFORE = 60
_MOST_SEEN = 1 << 16
_AT_ONCE = 100
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
        parts = text.split()
        text = " ".join(parts)
        plain = text.isascii() or not NOT_PLAIN.search(text)
        begin = self._beginning(parts, stemmer) if plain else 0
        first = next(self._places(text, stemmer, plain, begin), (0, 0))
        start = _boundary(text, max(0, first[0] - _BEFORE))
        end = min(len(text), start + _WIDTH)
        if end < len(text):
            end = max(text.rfind(" ", start, end), first[1], start + _WIDTH // 2)
        spans = [first] if first[1] else []
        begin = first[1]
        if plain:
            begin += self._beginning(text[begin:end].split(" "), stemmer)
        for place in self._places(text, stemmer, plain, begin, end) if spans else ():
            if place[1] <= end and place[0] >= spans[-1][1]:
                spans.append(place)
        left, right = "…" if start else "", "…" if end < len(text) else ""
        shift = len(left) - start
        return (
            f"{left}{text[start:end]}{right}",
            tuple((begin + shift, behind + shift) for begin, behind in spans),
        )

    def _places(
        self, text: str, stemmer: str, is_plain: bool, start: int, stop: int | None = None
    ) -> Iterator[Span]:
        """Where one of the phrases stands, in the order of their ends; of words that begin in
        between `start` and `stop`. `is_plain`: see NOT_PLAIN."""
        last: deque[tuple[str, int, int]] = deque(maxlen=self._sizes[0] if self._sizes else 1)
        for token, plain, begin, end in _located(text, stemmer, is_plain, start):
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

    def _beginning(self, parts: Sequence[str], stemmer: str) -> int:
        """A place before which no phrase begins, in a plain text of parts with a space between."""
        if self._lone or not self._wanted:
            return 0
        for begin in range(0, len(parts), _AT_ONCE):
            some = parts[begin : begin + _AT_ONCE]
            ends = _carriers(stemmer).among(set(some), self._ends)
            if ends:
                at = begin + min(map(some.index, ends))
                break
        else:
            return len(" ".join(parts))
        # A phrase goes back from there over one part a token at the most.
        missing = self._sizes[0] - 1
        while at and missing:
            at -= 1
            missing -= bool(_forms(parts[at], stemmer).tokens)
        return sum(map(len, parts[:at])) + at


class _Carriers:
    """Which parts of texts have which tokens, of those that were seen lately. Thread-safe.

    A word is looked up once, not each time that it stands in a text.
    """

    def __init__(self, stemmer: str) -> None:
        self._stemmer = stemmer
        self._lock = Lock()
        self._seen: set[str] = set()
        self._of: dict[str, tuple[str, ...]] = {}

    def among(self, parts: set[str], tokens: Iterable[str]) -> list[str]:
        """The parts that have one of the tokens, also as a form without accents."""
        with self._lock:
            unseen = parts - self._seen
            if len(self._seen) + len(unseen) > _MOST_SEEN:
                self._seen.clear()
                self._of.clear()
                unseen = parts
            for part in unseen:
                for token in _all_forms(part, self._stemmer):
                    self._of[token] = (*self._of.get(token, ()), part)
            self._seen |= unseen
            carriers = [part for token in tokens for part in self._of.get(token, ())]
        return [part for part in carriers if part in parts]


_carriers = lru_cache(8)(_Carriers)


def _boundary(text: str, start: int) -> int:
    """The beginning of a word at or shortly behind `start`."""
    if start == 0:
        return 0
    space = text.find(" ", start, start + _BEFORE)
    return start if space < 0 else space + 1


def _located(
    text: str, stemmer: str, is_plain: bool, start: int
) -> Iterator[tuple[str, str, int, int]]:
    """Tokens of a text as the analyser gives them, the form without accents, start and end."""
    units = PLAIN_WORD if is_plain else _UNIT
    for unit in units.finditer(text, start):
        run, at = unit[0], unit.start()
        if not is_plain and NO_SPACES.match(run):
            for i in range(max(1, len(run) - 1)):
                token = _folded(run[i : i + 2])
                yield token, token, at + i, at + min(i + 2, len(run))
        else:
            end = unit.end()
            found, plain = _forms(run, stemmer)
            for token in found:
                yield token, plain, at, end


class _Forms(NamedTuple):
    tokens: tuple[str, ...]
    plain: str  #: of the first accented word, without its accents, or ""


@lru_cache(_MOST_SEEN)
def _forms(part: str, stemmer: str) -> _Forms:
    """Of a part of a text as it stands there."""
    return _Forms(tuple(tokens(part, stemmer)), next(accented(part, stemmer), ""))


def _all_forms(part: str, stemmer: str) -> set[str]:
    return {*tokens(part, stemmer), *accented(part, stemmer)}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
