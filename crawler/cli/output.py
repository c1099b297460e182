"""What commands print: JSON lines, or lines for people; progress on a terminal only."""

from __future__ import annotations

import contextlib
import json
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)


class Bar:
    """A progress bar, or in a pipe nothing; called as an Advance."""

    def __init__(self, what: str, bar: Progress | None = None) -> None:
        self._what = what
        self._bar = bar
        self._task = bar.add_task(what, total=None) if bar else None

    def __call__(self, done: int, total: int | None) -> None:
        """See Advance."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def say(self, detail: str | None) -> None:
        """Words behind the name of the work, such as why it pauses; None takes them away."""
        text = self._what if detail is None else f"{self._what} ({printable(detail)})"
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=text)


def print_json(value: Any) -> None:
    """One object on one line, UTF-8, in the order of its keys."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_row(*cells: object) -> None:
    """Cells two spaces apart; what is None stands as `-`."""
    click.echo("  ".join("-" if cell is None else printable(str(cell)) for cell in cells))


def show_moment(timestamp: str) -> str:
    """A time of 14 digits, for people: `2026-11-22 22:20 UTC`."""
    day = f"{timestamp[:4]}-{timestamp[4:6]}-{timestamp[6:8]}"
    return f"{day} {timestamp[8:10]}:{timestamp[10:12]} UTC"


def printable(text: str) -> str:
    """Text from the web without characters that a terminal would obey (Cc, Cf but joiners)."""
    return "".join(
        c
        if c in "\t\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
        else "\ufffd"
        for c in text
    )


def complain(message: str) -> None:
    """One sentence on standard error."""
    click.echo(f"pressmark: {printable(message)}", err=True)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Bar]:
    """A progress bar on standard error while it is a terminal; silence in a pipe."""
    if not sys.stderr.isatty():
        yield Bar(what)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bar(what, bar)


def table(rows: Sequence[Sequence[object]]) -> None:
    """Rows with their columns in line."""
    texts = [["-" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
