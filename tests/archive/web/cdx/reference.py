"""What the CDX server of the Wayback Machine promises, done in the simplest way there is: all
captures in a list, each step over the whole of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urlsplit

from archive.model import Capture

NAMES = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """The parameters that are played with, as they stand in a request."""

    url: str
    match: str = "exact"
    start: str = ""
    end: str = ""
    filters: tuple[str, ...] = ()
    collapse: tuple[str, ...] = ()
    limit: int | None = None
    offset: int = 0
    sort: str = ""
    closest: str = ""
    counters: bool = False

    def parameters(self) -> list[tuple[str, str]]:
        """As names and values."""
        pairs = [("url", self.url), ("matchType", self.match), ("from", self.start)]
        pairs += [("to", self.end), ("sort", self.sort), ("closest", self.closest)]
        pairs += [("filter", text) for text in self.filters]
        pairs += [("collapse", text) for text in self.collapse]
        pairs += [("limit", "" if self.limit is None else str(self.limit))]
        pairs += [("offset", str(self.offset))] if self.offset else []
        pairs += [("showSkipCount", "true"), ("lastSkipTimestamp", "true")] * self.counters
        return [(name, value) for name, value in pairs if value]


def answer(captures: Sequence[Capture], asked: Question) -> list[str]:
    """The lines of the answer, as text."""
    in_order = sorted(captures, key=lambda c: (c.urlkey, c.timestamp, c.filename, c.offset))
    rows = [_row(each) for each in in_order if _is_meant(each, asked)]
    if asked.sort == "reverse":
        rows.reverse()
    if asked.closest:
        wanted = _moment(asked.closest.ljust(14, "0"))
        rows.sort(key=lambda row: abs(_moment(row["timestamp"]) - wanted))
    kept = [_passes(row, asked.filters) for row in rows]
    for field in asked.collapse:
        name, _, length = field.partition(":")
        end = int(length) if length else None
        shown = [number for number, keep in enumerate(kept) if keep]
        for _, same in groupby(shown, key=lambda number: rows[number][name][:end]):
            for number in list(same)[1:]:
                kept[number] = False
    if asked.counters:
        _count(rows, kept)
    found = [row for row, keep in zip(rows, kept, strict=True) if keep]
    if asked.limit is not None and asked.limit < 0:
        found = found[: max(0, len(found) - asked.offset)][asked.limit :]
    else:
        found = found[asked.offset :][: asked.limit or None]
    names = [*NAMES, "skipcount", "endtimestamp"] if asked.counters else NAMES
    return [" ".join(row[name] for name in names) for row in found]


def _is_meant(capture: Capture, asked: Question) -> bool:
    if not asked.start.ljust(14, "0") <= capture.timestamp <= asked.end.ljust(14, "9"):
        return False
    one, other = urlsplit(capture.url), urlsplit(asked.url)
    if asked.match == "domain":
        return f".{one.hostname}".endswith(f".{other.hostname}")
    if asked.match == "host":
        return one.hostname == other.hostname
    if one.hostname != other.hostname:
        return False
    # A key has no slash at its end, what keys begin with may have.
    path = one.path.rstrip("/") or "/"
    return (
        path == (other.path.rstrip("/") or "/")
        if asked.match == "exact"
        else path.startswith(other.path)
    )


def _row(capture: Capture) -> Row:
    return {
        "urlkey": capture.urlkey,
        "timestamp": capture.timestamp,
        "original": capture.url,
        "mimetype": capture.mime,
        "statuscode": str(capture.status or "-"),
        "digest": capture.digest,
        "length": str(capture.length),
    }


def _passes(row: Row, filters: Sequence[str]) -> bool:
    for text in filters:
        field, _, pattern = text.removeprefix("!").partition(":")
        if bool(re.fullmatch(pattern, row[field])) is text.startswith("!"):
            return False
    return True


def _count(rows: list[Row], kept: list[bool]) -> None:
    last: Row | None = None
    for row, keep in zip(rows, kept, strict=True):
        if keep:
            last = row
            row["skipcount"], row["endtimestamp"] = "0", row["timestamp"]
        elif last is not None:
            last["skipcount"] = str(int(last["skipcount"]) + 1)
            last["endtimestamp"] = row["timestamp"]


def _moment(digits: str) -> float:
    parts = [int(digits[at : at + 2]) for at in range(4, 14, 2)]
    month, day = max(1, parts[0]), max(1, parts[1])
    hour, minute, second = parts[2:]
    return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC).timestamp()
