"""Which kinds of change there are between two texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import get_args

from archive.documents import count_words
from archive.versions.model import Kind, Paragraph, Span, State
from archive.versions.tokens import SENTENCE_ENDS

_SENTENCE = 8  # words: less is an edit, not a statement more or less
_MOST = 0.5  # of the words of both texts: more is another text
_DENSE = 0.6  # words of other scripts that a character of Chinese or Japanese is worth
_UNPARTED = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_OF_TEXT: set[Kind] = {"correction", "addition", "removal", "rewrite", "metadata"}
_CLOSING = " \n\t\u00a0\u3000\"'”’»›)」』）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What was changed at one place."""

    removed: str
    added: str
    before: str  #: what stayed right before it, in the same paragraph
    lines: bool  #: whether it is whole paragraphs

    @property
    def kinds(self) -> set[Kind]:
        """What it is by itself."""
        removed, added = _extent(self.removed), _extent(self.added)
        if self._is_statement() and not (removed and added):
            return {"removal" if removed else "addition"}
        if max(removed, added) < _SENTENCE:
            return {"correction"}
        kinds = set[Kind]()
        if removed >= _SENTENCE:
            kinds.add("removal")
        if added >= _SENTENCE:
            kinds.add("addition")
        return kinds

    def _is_statement(self) -> bool:
        """Whether it is sentences or paragraphs that are whole."""
        if self.lines:
            return True
        begins = not self.before or _ends_sentence(self.before)
        return begins and _ends_sentence(self.removed or self.added)


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSING)[-1:] in SENTENCE_ENDS


def edits_of(paragraphs: Sequence[Paragraph]) -> list[Edit]:
    """What changed, place by place; whole paragraphs side by side are one place."""
    edits, rows = list[Edit](), list[Span]()
    for paragraph in paragraphs:
        if paragraph.kind in ("removed", "added"):
            rows += paragraph.spans
        elif paragraph.kind != "moved":
            edits += [*_edits(rows, lines=True), *_edits(paragraph.spans, lines=False)]
            rows = []
    return [*edits, *_edits(rows, lines=True)]


def _edits(spans: Sequence[Span], *, lines: bool) -> Iterator[Edit]:
    before = ""
    for stayed, group in groupby(spans, key=lambda span: span.kind == "same"):
        changed = [span for span in group if span.kind != "moved"]
        if stayed:
            before = "".join(span.new for span in changed)
        elif changed:
            olds, news = (span.old for span in changed), (span.new for span in changed)
            yield Edit(removed="".join(olds), added="".join(news), before=before, lines=lines)


def _extent(text: str) -> float:
    """Its words, in a measure that is about the same in all scripts."""
    return count_words(text) - (1 - _DENSE) * len(_UNPARTED.findall(text))


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


def kinds_between(older: State, newer: State, kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    """`kinds`: those of the two texts."""
    if newer == "deleted":
        return () if older == "deleted" else ("deleted",)
    found = set(kinds)
    if newer == "paywalled" and older != "paywalled":
        found = found - _OF_TEXT | {"paywalled"}
    if older == "deleted":
        found.add("returned")
    return _in_order(found)


def _in_order(kinds: Collection[Kind]) -> tuple[Kind, ...]:
    return tuple(kind for kind in get_args(Kind) if kind in kinds)
