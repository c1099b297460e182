"""Texts as words and signs, each with what stands for it in a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import regex  # type: ignore[import-untyped]  # ships no types

from archive.scripts import IDEOGRAPHIC, UNSPACED
from archive.versions.noise import folded, is_noise

SENTENCE_ENDS = frozenset([*".!?…。！？؟۔।", "..."])

# Thai, Chinese and their like do not part words: a letter with its marks is what changes.
_UNPARTED = IDEOGRAPHIC + UNSPACED
_LETTER = rf"[[\p{{L}}\p{{N}}]--[{_UNPARTED}]]"
_INNER = rf"[[\p{{L}}\p{{M}}\p{{N}}\p{{Cf}}]--[{_UNPARTED}]]"
_TOKEN = regex.compile(
    rf"""\s*(
      \p{{N}}+(?:[.,:٫٬'’]\p{{N}}+)+        # 1,200.50 and 14:05
    | {_LETTER}{_INNER}*(?:['’ʼ]{_LETTER}{_INNER}*)*
    | [\p{{Pd}}−]+ | \.{{2,}} | '' | ,,
    | (?!\s)\X
    )\s*""",
    regex.VERSION1 | regex.VERBOSE,
)

_LONG = 2000  # characters
_LINES = 1024

_Line = tuple[tuple[str, ...], tuple[str, ...], str]
"""Keys and what is shown of them, as in Tokens; or, without a key, all of it."""


@dataclass(slots=True)
class Tokens:
    """A text in pieces: `shown` and `tails`, joined in turn, are the text.

    The first token has neither word nor sign: with it two texts are the same at their beginning.
    """

    keys: list[str] = field(default_factory=lambda: [""])  #: equal where two read the same
    shown: list[str] = field(default_factory=lambda: [""])  #: with the white space around it
    tails: list[str] = field(default_factory=lambda: [""])  #: lines behind it that are noise
    lines: list[int] = field(default_factory=lambda: [0])  #: number of each line's first token

    def line_ends(self) -> list[bool]:
        """Of each token, whether it is the last of its line."""
        ends = [False] * len(self.keys)
        for start in self.lines[1:]:
            ends[start - 1] = True
        ends[-1] = True
        return ends

    def line_keys(self) -> list[tuple[str, ...]]:
        """The keys of each line."""
        bounds = zip(self.lines, [*self.lines[1:], len(self.keys)], strict=True)
        return [tuple(self.keys[start:end]) for start, end in bounds]


def tokens_of(text: str) -> Tokens:
    """The words and signs of a text with one paragraph a line."""
    tokens = Tokens()
    lines = text.split("\n")
    for number, line in enumerate(lines):
        whole = line if number == len(lines) - 1 else f"{line}\n"
        if is_noise(line):
            tokens.tails[-1] += whole
        else:
            _add_line(tokens, whole)
    return tokens


def _add_line(tokens: Tokens, line: str) -> None:
    line_tokens = _known_line if len(line) <= _LONG else _line
    keys, shown, unseen = line_tokens(line)
    if unseen:  # A line of signs that cannot be seen.
        tokens.tails[-1] += unseen
        return
    tokens.lines.append(len(tokens.keys))
    tokens.keys += keys
    tokens.shown += shown
    tokens.tails += [""] * len(keys)


def _line(line: str) -> _Line:
    keys, shown, before = list[str](), list[str](), ""
    for match in _TOKEN.finditer(line):
        key = folded(match[1])
        if key:
            keys.append(key)
            shown.append(before + match[0])
            before = ""
        elif keys:
            shown[-1] += match[0]
        else:
            before += match[0]
    return tuple(keys), tuple(shown), before


# Most lines of a version are those of the one before.
_known_line = lru_cache(_LINES)(_line)
