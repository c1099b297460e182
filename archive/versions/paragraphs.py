"""Two aligned texts as paragraphs of spans, for people to read."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from archive.versions.alignment import Alignment
from archive.versions.common import Run
from archive.versions.model import Paragraph, Span, SpanKind
from archive.versions.words import Tokens

_OLD, _NEW = 0, 1


def paragraphs_of(old: Tokens, new: Tokens, alignment: Alignment) -> tuple[Paragraph, ...]:
    """All of both texts; lines that only the old one has stand before lines of the new alone."""
    rows = _Rows(old, new, alignment)
    behind = Run(0, 0, 0)
    for run in [*alignment.runs, Run(len(old.keys), len(new.keys), 0)]:
        rows.add_change(range(behind.old_end, run.old), range(behind.new_end, run.new))
        rows.add_same(run)
        behind = run
    rows.end()
    return tuple(rows.paragraphs)


class _Rows:
    """Paragraphs, written from the first word to the last."""

    def __init__(self, old: Tokens, new: Tokens, alignment: Alignment) -> None:
        self._tokens = old, new
        self._moved = alignment.moved_old, alignment.moved_new
        self._ends = old.line_ends(), new.line_ends()
        self._row: list[tuple[SpanKind, str, str]] = []  # pieces of the one that is being written
        self._ended = False  # of the new text, of the old one it may go on
        self.paragraphs: list[Paragraph] = []

    def add_same(self, run: Run) -> None:
        """Words that both have."""
        old, new = self._tokens
        for first, second in zip(
            range(run.old, run.old_end), range(run.new, run.new_end), strict=True
        ):
            if self._ended:
                self.end()
            self._put("same", old.shown[first], new.shown[second])
            self._put_noise(old.tails[first], new.tails[second])
            if self._ends[_NEW][second]:
                self._ended = bool(self._row)
                if self._ends[_OLD][first]:
                    self.end()

    def add_change(self, removed: range, added: range) -> None:
        """Whole lines become rows of their own, the rest goes into a row with what is around it."""
        olds, news = self._lines(removed, _OLD), self._lines(added, _NEW)
        if self._ended and olds:
            # The end of a line comes behind what stood there before it.
            kind, old, new = self._row.pop()
            shown, line = new.rstrip(), olds.pop(0)
            self._put(kind, old.rstrip(), shown)
            self._put(self._kind(line, _OLD), old[len(old.rstrip()) :], "")
            self._put_tokens(line, _OLD)
            self._put(kind, "", new[len(shown) :])
            self.end()
        elif self._row and not self._ended:
            whole = bool(news) and self._is_whole(news[0], _NEW)
            for line in olds[:1] if whole else olds:
                self._put_tokens(line, _OLD)
            for line in news[:1]:
                self._put_tokens(line, _NEW)
            if whole:
                self.end()
            olds, news = olds[1:] if whole else [], news[1:]
        elif self._ended:
            self.end()
        self._put_rows(olds, _OLD)
        self._put_rows(news, _NEW)
        for side, lines in enumerate((olds, news)):
            if lines and not self._is_whole(lines[-1], side):
                self._put_tokens(lines[-1], side)

    def end(self) -> None:
        """The row is written."""
        self._ended = False
        if not self._row:
            return
        kinds = {kind for kind, *_ in self._row}
        kind = kinds.pop() if len(kinds) == 1 else "changed"
        self.paragraphs.append(Paragraph(kind=kind, spans=tuple(_spans(self._row))))
        self._row = []

    def _lines(self, tokens: range, side: int) -> list[range]:
        """The tokens by lines; the first and the last may be parts of one."""
        lines, start = list[range](), tokens.start
        for token in tokens:
            if self._ends[side][token]:
                lines.append(range(start, token + 1))
                start = token + 1
        if start < tokens.stop:
            lines.append(range(start, tokens.stop))
        return lines

    def _is_whole(self, line: range, side: int) -> bool:
        return self._ends[side][line[-1]]

    def _put_rows(self, lines: Iterable[range], side: int) -> None:
        for line in lines:
            if self._is_whole(line, side):
                self._put_tokens(line, side)
                self.end()

    def _put_tokens(self, line: range, side: int) -> None:
        tokens = self._tokens[side]
        kind = self._kind(line, side)
        text = "".join(tokens.shown[line.start : line.stop])
        self._put(kind, *((text, "") if side == _OLD else ("", text)))
        tail = "".join(tokens.tails[line.start : line.stop])
        self._put_noise(*((tail, "") if side == _OLD else ("", tail)))

    def _kind(self, line: range, side: int) -> SpanKind:
        if line[0] in self._moved[side]:
            return "moved"
        return "removed" if side == _OLD else "added"

    def _put_noise(self, old: str, new: str) -> None:
        """Lines that are looked at by nobody are a row of their own."""
        if old or new:
            self.end()
            self._put("same", old, new)
            self.end()

    def _put(self, kind: SpanKind, old: str, new: str) -> None:
        if old or new:
            self._row.append((kind, old, new))


def _spans(pieces: Iterable[tuple[SpanKind, str, str]]) -> list[Span]:
    spans = list[Span]()
    for kind, group in groupby(pieces, key=itemgetter(0)):
        _, olds, news = zip(*group, strict=True)
        span = Span(kind=kind, old="".join(olds), new="".join(news))
        if kind == "same" and len(spans) > 1:
            spans[-2:], span = _bared(spans[-2], spans[-1], span)
        spans.append(span)
    return spans


def _bared(removed: Span, added: Span, same: Span) -> tuple[list[Span], Span]:
    """The same without the white space behind both of the changed, which did not change."""
    if (removed.kind, added.kind) != ("removed", "added"):
        return [removed, added], same
    olds, news = removed.old.rstrip(), added.new.rstrip()
    spaces = removed.old[len(olds) :], added.new[len(news) :]
    if not (olds and news and all(spaces)):
        return [removed, added], same
    return (
        [Span(kind="removed", old=olds, new=""), Span(kind="added", old="", new=news)],
        Span(kind="same", old=spaces[0] + same.old, new=spaces[1] + same.new),
    )
