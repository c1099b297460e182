"""How templates write times, sizes, languages and the like."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from archive.timestamps import datetime_or_none
from archive.versions import Span
from archive.web.pages.languages import language_name

_WORD = re.compile(r"[a-z]+(?:'s)?[,;:.]?(?!\S)")


def long_time(timestamp: str) -> str:
    """`22 November 2026, 09:30:00`, in UTC."""
    at = datetime_or_none(timestamp)
    if at is None:
        return timestamp
    return f"{at.day} {month_name[at.month]} {at.year}, {at:%H:%M:%S}"


def day_in_words(digits: str, *, american: bool = False, year_first: bool = False) -> str:
    """`22 November 2026` of 8 digits or more, `November 2026` of 6, `2026` of 4; of a month or day
    that there is not, the year alone.

    `american`: `November 22, 2026`; with `year_first` `2026, November 22`.
    """
    year, month, day = digits[:4], digits[4:6], digits[6:8]
    if not (month.isdigit() and 1 <= int(month) <= 12):
        return year
    name = month_name[int(month)]
    if not (day.isdigit() and 1 <= int(day) <= 31):
        return f"{year}, {name}" if year_first else f"{name} {year}"
    if year_first:
        return f"{year}, {name} {int(day)}"
    return f"{name} {int(day)}, {year}" if american else f"{int(day)} {name} {year}"


def short_time(timestamp: str) -> str:
    """`2026-11-22 09:30`, in UTC."""
    return f"{timestamp[:4]}-{timestamp[4:6]}-{timestamp[6:8]} {timestamp[8:10]}:{timestamp[10:12]}"


def clock(timestamp: str) -> str:
    """`09:30:00`."""
    return f"{timestamp[8:10]}:{timestamp[10:12]}:{timestamp[12:14]}"


def iso_time(timestamp: str) -> str:
    """`2026-11-22T09:30:00Z`, for `<time datetime>`."""
    day = f"{timestamp[:4]}-{timestamp[4:6]}-{timestamp[6:8]}"
    return f"{day}T{clock(timestamp)}Z"


def number(value: int) -> str:
    """With a thin space between thousands."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def size(count: int) -> str:
    """Bytes in the unit that suits."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 1000 or unit == "TB":
            break
    return f"{value:.3g} {unit}"


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """The text with `<mark>` around the spans; everything in it is escaped."""
    return Markup("").join(_pieces(text, spans))


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Markup]:
    at = 0
    for start, end in spans:
        yield escape(text[at:start])
        yield Markup("<mark>{}</mark>").format(text[start:end])
        at = end
    yield escape(text[at:])


def unchanged(span: Span) -> str:
    """A piece that stayed, with the space before what was removed behind it."""
    text = span.old if span.old.rstrip() == span.new else span.text
    return text.rstrip("\n")


def sentence(text: str) -> str:
    """As it stands on a page: with a capital, unless it begins with what is no word, such as a URL
    or the name of a file; with its full stop."""
    begun = text[:1].upper() + text[1:] if _WORD.match(text) else text
    return begun + ("" if text.endswith((".", "!", "?")) else ".")


def parameter(text: str) -> str:
    """As the value of a query parameter: nothing in it means anything else."""
    return quote(text, safe="")


FILTERS: dict[str, Callable[..., Any]] = {
    "long_time": long_time,
    "day_in_words": day_in_words,
    "short_time": short_time,
    "clock": clock,
    "iso_time": iso_time,
    "month_name": month_name.__getitem__,
    "number": number,
    "size": size,
    "marked": marked,
    "unchanged": unchanged,
    "parameter": parameter,
    "sentence": sentence,
    "language": language_name,
}
