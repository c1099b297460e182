"""From the words that a person types to phrases of search tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archive.index.analyser import NO_SPACES, tokens

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
