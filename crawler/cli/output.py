"""What commands print: JSON lines, or lines for people; progress on a terminal only."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
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

_shown: Progress | None = None
"""The bar on the terminal; a process has one at a time."""

_turn = threading.RLock()


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
    with aside():
        click.echo(f"pressmark: {printable(message)}", err=True)


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Whole lines that are printed meanwhile stand where the bar was, which comes again below."""
    with _turn:
        bar = _shown
        if bar is None:
            yield
            return
        bar.stop()
        try:
            yield
        finally:
            bar.start()


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
    global _shown
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        # What rich would put above the bar goes to standard error, results too. See `aside`.
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        _shown = bar
        try:
            yield Bar(what, bar)
        finally:
            with _turn:
                _shown = None


def table(rows: Sequence[Sequence[object]]) -> None:
    """Rows with their columns in line."""
    texts = [["-" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
