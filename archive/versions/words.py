"""Texts as words and signs, each with what stands for it in a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    known: dict[str, str] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines):
        whole = line if number == len(lines) - 1 else f"{line}\n"
        if is_noise(line):
            tokens.tails[-1] += whole
        else:
            _add_line(tokens, whole, known)
    return tokens


def _add_line(tokens: Tokens, line: str, known: dict[str, str]) -> None:
    tokens.lines.append(len(tokens.keys))
    before = ""
    for match in _TOKEN.finditer(line):
        core = match[1]
        key = known.get(core)
        if key is None:
            key = known[core] = folded(core)
        if key:
            tokens.keys.append(key)
            tokens.shown.append(before + match[0])
            tokens.tails.append("")
            before = ""
        elif tokens.lines[-1] < len(tokens.keys):
            tokens.shown[-1] += match[0]
        else:
            before += match[0]
    if before:  # A line of signs that cannot be seen.
        tokens.tails[-1] += before
        tokens.lines.pop()
