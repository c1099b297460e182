"""Steps on the way from captures to lines. What is passed over or held back goes on as its time
alone, so that a later step can count it, and a long search does not seem to stand still."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from archive.index import CaptureQuery
from archive.model import Capture
from archive.view import View
from archive.web.cdx.filters import Filter
from archive.web.cdx.lines import (
    DUPLICATES,
    LAST_SKIPPED,
    NONE,
    ORIGINAL,
    SKIPPED,
    Found,
    Line,
    line_of,
)
from archive.web.cdx.parameters import Collapse

_REVISIT = "warc/revisit"
_MOST_OTHERS = 100_000
"""Captures of a URL that are looked through for those with the same bytes."""
_MOST_READ = 100
"""Revisits of one answer whose records are read."""


def filtered(
    captures: Iterable[Capture], filters: tuple[Filter, ...], whole: tuple[str, ...]
) -> Iterator[Found]:
    """Lines that pass all filters."""
    for capture in captures:
        line = line_of(capture)
        for one in filters:
            if not one.keeps(line, whole):
                yield capture.timestamp
                break
        else:
            yield line


def collapsed(found: Iterable[Found], collapse: Collapse) -> Iterator[Found]:
    """The first of neighbouring lines that agree."""
    field, end = collapse.field, collapse.length
    last: str | None = None
    for line in found:
        if isinstance(line, str):
            yield line
            continue
        value = line.get(field, NONE)[:end]
        yield line["timestamp"] if value == last else line
        last = value


def collapsed_back(found: Iterable[Found], collapse: Collapse) -> Iterator[Found]:
    """The same lines from the last to the first, as these come from the last to the first."""
    field, end = collapse.field, collapse.length
    held: Line | None = None
    for line in found:
        if isinstance(line, str):
            yield line
            continue
        if held is not None:
            agrees = held.get(field, NONE)[:end] == line.get(field, NONE)[:end]
            yield held["timestamp"] if agrees else held
        held = line
    if held is not None:
        yield held


def counted(found: Iterable[Found]) -> Iterator[Found]:
    """With how many captures were passed over behind each line, and the time of the last one."""
    held: Line | None = None
    skipped = 0
    for line in found:
        if isinstance(line, str):
            if held is not None:
                skipped += 1
                held[LAST_SKIPPED] = line
            yield line
            continue
        if held is not None:
            yield held | {SKIPPED: str(skipped)}
        held, skipped = line, 0
        line[LAST_SKIPPED] = line["timestamp"]
    if held is not None:
        yield held | {SKIPPED: str(skipped)}


def last_of(found: Iterable[Found], offset: int, number: int) -> Iterator[Found]:
    """The last so many lines before the last `offset` ones."""
    held: deque[Line] = deque(maxlen=offset + number)
    for line in found:
        if isinstance(line, str):
            yield line
        else:
            held.append(line)
            yield line["timestamp"]
    yield from islice(held, max(0, len(held) - offset))


def first_of_reversed(found: Iterable[Found], offset: int, number: int) -> Iterator[Found]:
    """So many lines behind the first `offset` ones, the last of them first."""
    held: list[Line] = []
    for line in behind(found, offset):
        if isinstance(line, str):
            yield line
            continue
        held.append(line)
        if len(held) == number:
            break
        yield line["timestamp"]
    yield from reversed(held)


class Histories:
    """What is known of a capture by the others of its URL: which ones hold the same bytes.

    Read once for a URL, and only where it is needed; whatever order lines come in. Of a revisit
    that they say nothing of the record is read too.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._left = _MOST_READ
        self._key: str | None = None
        self._originals: dict[str, Line] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def told(self, found: Iterable[Found], *, duplicates: bool, originals: bool) -> Iterator[Found]:
        """Lines with `dupecount`, how many captures before it have its digest, or with those fields
        of `orig.` that say where the bytes of a revisit lie; it then has its original's type."""
        for line in found:
            if isinstance(line, str):
                yield line
                continue
            is_revisit = line["mime"] == _REVISIT
            if duplicates or is_revisit:
                yield from self._read(line)
            more: Line = {}
            if duplicates:
                place = line["filename"], line["offset"]
                more[DUPLICATES] = str(self._numbers.get(place, 0))
            if originals and is_revisit:
                more |= _resolved(self._original(line))
            yield line | more

    def _original(self, line: Line) -> Line | None:
        known = self._originals.get(line["digest"])
        if known is not None or not self._left:
            return known
        self._left -= 1
        found = self._view.original_at(line["filename"], int(line["offset"]))
        return None if found is None else line_of(found)

    def _read(self, line: Line) -> Iterator[Found]:
        if self._key == line["urlkey"]:
            return
        self._key = line["urlkey"]
        self._originals, self._numbers = {}, {}
        seen: dict[str, int] = {}
        captures = self._view.captures(CaptureQuery(url=line["url"], limit=_MOST_OTHERS))
        for capture in captures:
            other = line_of(capture)
            digest = other["digest"]
            self._numbers[other["filename"], other["offset"]] = seen.get(digest, 0)
            seen[digest] = seen.get(digest, 0) + 1
            if other["mime"] != _REVISIT:
                self._originals.setdefault(digest, other)
            yield other["timestamp"]


def _resolved(original: Line | None) -> Line:
    if original is None:
        return {}
    places = zip(ORIGINAL, ("length", "offset", "filename"), strict=True)
    return {"mime": original["mime"], **{name: original[own] for name, own in places}}


def behind(found: Iterable[Found], offset: int) -> Iterator[Found]:
    """Without the first so many lines."""
    for line in found:
        if offset and not isinstance(line, str):
            offset -= 1
            yield line["timestamp"]
        else:
            yield line
