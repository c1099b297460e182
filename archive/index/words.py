"""From the words that a person types to phrases of search tokens, and back to places in a text."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import regex  # type: ignore[import-untyped]  # ships no types

from archive.index.analyser import NO_SPACES, PLAIN_WORD, WORD, accented, tokens
from archive.scripts import NOT_PLAIN

_WIDTH = 240
_BEFORE = 60
_UNIT = regex.compile(f"{NO_SPACES.pattern}|{WORD.pattern}")
_SPACE = re.compile(r"\s+")
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

    `stemmers`: those that documents may have been analysed with. The word as it stands is tried as
    well, for documents in no known language and for words without their accents.
    """
    words = []
    for word in text.split():
        phrases = {_phrase(word, stemmer): None for stemmer in sorted({"", *stemmers})}
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
    """About 240 characters around the first match, on one line, and the matches in them.

    `stemmer` is that of the text.
    """
    text = _SPACE.sub(" ", text).strip()
    phrases = [phrase for word in words for phrase in word]
    first = next(_places(text, phrases, stemmer), (0, 0))
    start = _boundary(text, max(0, first[0] - _BEFORE))
    end = min(len(text), start + _WIDTH)
    if end < len(text):
        end = max(text.rfind(" ", start, end), first[1], start + _WIDTH // 2)
    spans = [first] if first[1] else []
    for place in _places(text, phrases, stemmer, first[1], end) if spans else ():
        if place[1] <= end and place[0] >= spans[-1][1]:
            spans.append(place)
    left, right = "…" if start else "", "…" if end < len(text) else ""
    shift = len(left) - start
    return (
        f"{left}{text[start:end]}{right}",
        tuple((begin + shift, behind + shift) for begin, behind in spans),
    )


def _boundary(text: str, start: int) -> int:
    """The beginning of a word at or shortly behind `start`."""
    if start == 0:
        return 0
    space = text.find(" ", start, start + _BEFORE)
    return start if space < 0 else space + 1


def _places(
    text: str, phrases: Sequence[Phrase], stemmer: str, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, int]]:
    """Where one of the phrases stands, in the order of their ends; of words that begin in between
    `start` and `stop`."""
    wanted = {phrase.tokens for phrase in phrases if not phrase.prefix}
    lone = {phrase.tokens[0] for phrase in phrases if phrase.prefix}
    sizes = sorted({len(found) for found in wanted}, reverse=True)
    # Most tokens end no phrase, and are no more than looked at.
    ends = {found[-1] for found in wanted}
    last: deque[tuple[str, int, int]] = deque(maxlen=sizes[0] if sizes else 1)
    if start == 0 and wanted and not lone:
        start = _beginning(text, ends, sizes[0], stemmer)
    for token, plain, begin, end in _located(text, stemmer, start):
        if stop is not None and begin >= stop:
            return
        last.append((token, begin, end))
        if token not in ends and plain not in ends and token[:1] not in lone:
            continue
        recent = list(last)
        if token[:1] in lone:
            yield begin, begin + 1
        elif (plain,) in wanted:
            yield begin, end
        for size in sizes:
            if tuple(found for found, _, _ in recent[-size:]) in wanted and size <= len(recent):
                yield recent[-size][1], end
                break


def _beginning(text: str, ends: Set[str], longest: int, stemmer: str) -> int:
    """A place before which no phrase of at most so many tokens begins; quick for plain texts."""
    if NOT_PLAIN.search(text):
        return 0
    for number, run in enumerate(PLAIN_WORD.findall(text)):
        found, plain = _forms(run, stemmer)
        if len(found) != 1:
            return 0
        if found[0] in ends or plain in ends:
            first = max(0, number - longest + 1)
            return next(islice(PLAIN_WORD.finditer(text), first, None)).start()
    return len(text)


def _located(text: str, stemmer: str, start: int) -> Iterator[tuple[str, str, int, int]]:
    """Tokens of a text as the analyser gives them, the form without accents, start and end."""
    some_without_spaces = NOT_PLAIN.search(text) and NO_SPACES.search(text)
    for unit in _UNIT.finditer(text, start):
        run, at = unit[0], unit.start()
        if some_without_spaces and NO_SPACES.match(run):
            for i in range(max(1, len(run) - 1)):
                token = _folded(run[i : i + 2])
                yield token, token, at + i, at + min(i + 2, len(run))
        else:
            end = unit.end()
            found, plain = _forms(run, stemmer)
            for token in found:
                yield token, plain, at, end


@lru_cache(1 << 15)
def _forms(run: str, stemmer: str) -> tuple[tuple[str, ...], str]:
    """Tokens of a word as it stands in a text, and its form without accents, or ""."""
    return tuple(tokens(run, stemmer)), next(accented(run, stemmer), "")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
