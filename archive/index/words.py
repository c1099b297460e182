"""From the words that a person types to phrases of search tokens, and back to places in a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]  # ships no types

from archive.index.analyser import NO_SPACES, WORD, tokens

_WIDTH = 240
_BEFORE = 60
_UNIT = regex.compile(f"{NO_SPACES.pattern}|{WORD.pattern}")
_SPACE = regex.compile(r"\s+")
_MOST_WORDS = 32


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow one another; with `prefix` the last one may go on."""

    tokens: tuple[str, ...]
    prefix: bool = False


Alternatives = tuple[Phrase, ...]
"""The readings of one word, one of which must be found."""


def parse(text: str, stemmers: Iterable[str]) -> list[Alternatives]:
    """One entry for each of the first 32 words that hold a letter or digit; all must be found.

    `stemmers`: those that documents may have been analysed with ("" for none).
    """
    stemmers = sorted(set(stemmers))
    words = []
    for word in text.split():
        phrases = {_phrase(word, stemmer): None for stemmer in stemmers}
        readings = tuple(phrase for phrase in phrases if phrase.tokens)
        if readings:
            words.append(readings)
    return words[:_MOST_WORDS]


def _phrase(word: str, stemmer: str) -> Phrase:
    found = tuple(tokens(word, stemmer))
    # A lone character of a script without spaces stands in pairs only, as the first of two.
    lone = len(found) == 1 and len(found[0]) == 1 and NO_SPACES.match(found[0]) is not None
    return Phrase(found, prefix=lone)


def snippet(
    text: str, words: Sequence[Alternatives], stemmer: str
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """About 240 characters around the first match, on one line, and the matches in them."""
    text = _SPACE.sub(" ", text).strip()
    wanted = frozenset(token for word in words for phrase in word for token in phrase.tokens)
    places = _places(text, wanted, stemmer)
    first = next(places, None)
    start = _boundary(text, max(0, first[0] - _BEFORE)) if first else 0
    end = min(len(text), start + _WIDTH)
    if end < len(text):
        end = max(text.rfind(" ", start, end), first[1] if first else 0, start + _WIDTH // 2)
    left, right = "…" if start else "", "…" if end < len(text) else ""
    spans = [] if first is None else [first]
    for place in places:
        if place[1] > end:
            break
        spans.append(place)
    shift = len(left) - start
    return (
        f"{left}{text[start:end]}{right}",
        tuple((a + shift, b + shift) for a, b in spans if b <= end),
    )


def _boundary(text: str, start: int) -> int:
    """The beginning of a word at or shortly behind `start`."""
    if start == 0:
        return 0
    space = text.find(" ", start, start + _BEFORE)
    return start if space < 0 else space + 1


def _places(text: str, wanted: frozenset[str], stemmer: str) -> Iterator[tuple[int, int]]:
    for unit in _UNIT.finditer(text):
        if NO_SPACES.match(unit[0]):
            yield from _pairs(unit[0], unit.start(), wanted)
        elif not wanted.isdisjoint(tokens(unit[0], stemmer)):
            yield unit.span()


def _pairs(run: str, at: int, wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Pairs that are wanted, those that touch joined; a lone wanted character likewise."""
    begin = end = -1
    for i in range(len(run)):
        size = 2 if _folded(run[i : i + 2]) in wanted else 1 if _folded(run[i]) in wanted else 0
        if not size:
            continue
        if i > end and end >= 0:
            yield at + begin, at + end
            begin = i
        elif end < 0:
            begin = i
        end = i + size
    if end >= 0:
        yield at + begin, at + end


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
