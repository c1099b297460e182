"""Filters on the fields of a line. Their patterns come from strangers: they run in RE2, in time
that is linear in the text, and are bounded in length and number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from archive.errors import ParameterError
from archive.web.cdx.dialects import checked
from archive.web.cdx.lines import NONE, Line

MOST_FILTERS = 16
LONGEST_PATTERN = 512
_OPTIONS = re2.Options()
# Bytes for one pattern: as many as are remembered may be there at once.
_OPTIONS.max_mem = 1 << 18
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True
_SPECIAL = frozenset(r".^$*+?{}[]\|()")
# Fields of which there are few values: the same ones are looked at again and again.
_FEW_VALUES = frozenset({"status", "mime", "source"})

Test = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the lines whose field passes."""

    field: str | None  #: None: the whole line
    test: Test
    negated: bool

    def keeps(self, line: Line, whole: Sequence[str]) -> bool:
        """`whole`: names of the fields that make up the line."""
        if self.field is None:
            value = " ".join([line.get(name, NONE) for name in whole])
        else:
            value = line.get(self.field, NONE)
        return self.test(value) is not self.negated


@lru_cache(64)
def read_filter(text: str, unmarked: str) -> Filter:
    """The filter `[!][=|~]field:pattern`; `!` turns it round.

    The mark says how: `=` the value is the pattern, `~` the regular expression matches at its
    beginning, "" it contains the pattern, "/" the regular expression matches the whole of it.
    Without one it is `unmarked`.

    Raises ParameterError.
    """
    rest = text.removeprefix("!")
    mark = rest[:1] if rest[:1] in ("=", "~") else ""
    field, colon, pattern = rest.removeprefix(mark).partition(":")
    if not colon:
        field, pattern = "", field
    if len(pattern) > LONGEST_PATTERN:
        raise ParameterError(
            f"a filter has a pattern of {len(pattern)} characters: at most {LONGEST_PATTERN} are "
            "allowed"
        )
    name = checked(field) if field else None
    test = _test(mark or unmarked, pattern)
    if name in _FEW_VALUES:
        test = lru_cache(128)(test)
    return Filter(name, test, text.startswith("!"))


def _test(mark: str, pattern: str) -> Test:
    if mark == "=" or (mark == "/" and _SPECIAL.isdisjoint(pattern)):
        return pattern.__eq__
    if mark == "":
        return lambda value: pattern in value
    if mark == "/" and pattern.endswith(".*") and _SPECIAL.isdisjoint(pattern[:-2]):
        return lambda value: value.startswith(pattern[:-2])
    compiled = _compiled(pattern)
    match = compiled.fullmatch if mark == "/" else compiled.match
    return lambda value: match(value) is not None


def _compiled(pattern: str) -> Any:
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if error.args else ""
        raise ParameterError(
            f"the pattern {pattern[:80]!r} of a filter is not one that can be used "
            f"({reason[:120]}): give a regular expression without back references and look-around"
        ) from error
