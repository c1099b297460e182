"""`versions`, `diff`: how an article changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import click

from archive.timestamps import readable
from archive.versions import (
    Change,
    Comparison,
    ListChange,
    Paragraph,
    Span,
    SpanKind,
    Version,
    compare,
    comparison_json,
    version_json,
    versions_of,
)
from config.quantities import show_count
from crawler.cli.options import Moment, Url, as_json, limit
from crawler.cli.output import complain, print_json, print_row, printable
from crawler.cli.reading import also_withheld, opened, view_of

_MARKS: dict[SpanKind, tuple[str, str]] = {
    "same": ("", ""),
    "removed": ("[-", "-]"),
    "added": ("{+", "+}"),
    "moved": ("", ""),
}
_COLOURS: dict[SpanKind, str | None] = {
    "same": None,
    "removed": "red",
    "added": "green",
    "moved": "cyan",
}


@click.command("versions")
@click.argument("url", type=Url())
@limit
@also_withheld
@as_json
def versions(url: str, limit: int | None, withheld: bool, as_json: bool) -> None:
    """Show how the article at URL changed, oldest version first; with --limit the newest N."""
    with opened(url) as collection:
        found = versions_of(view_of(collection, withheld=withheld), url)
    if not found.versions:
        complain(f"{url} is archived, but no capture of it says what stood there")
    for version in found.versions[-(limit or 0) :]:
        if as_json:
            print_json(version_json(version))
        else:
            _print_version(version, first=version is found.versions[0])


def _print_version(version: Version, *, first: bool) -> None:
    kinds = ", ".join(version.kinds) or ("first" if first else "-")
    title = version.title if version.state != "deleted" else f"({version.capture.status})"
    print_row(version.timestamp, version.last_timestamp, version.captures, kinds, title)


@click.command("diff")
@click.argument("url", type=Url())
@click.option(
    "--from",
    "start",
    type=Moment(),
    metavar="TIME",
    help="From the version seen nearest to this; default: the one before.",
)
@click.option(
    "--to",
    "end",
    type=Moment(),
    metavar="TIME",
    help="To the version seen nearest to this; default: the newest.",
)
@also_withheld
@as_json
def diff(url: str, start: str | None, end: str | None, withheld: bool, as_json: bool) -> None:
    """Show what changed between two versions of the article at URL: [-was there-]{+is there+}."""
    with opened(url) as collection:
        found = compare(view_of(collection, withheld=withheld), url, start=start, end=end)
    if as_json:
        print_json(comparison_json(found))
    else:
        _print_comparison(found)


def _print_comparison(found: Comparison) -> None:
    older, newer, change = found.older, found.newer, found.difference
    kinds = ", ".join(change.kinds) or "nothing that a reader would notice"
    _print(f"{readable(older.timestamp)} to {readable(newer.timestamp)}: {kinds}", bold=True)
    _print(f"{older.memento} to {newer.memento}")
    _print(f"{show_count(change.added, 'word', 'words')} added, {change.removed} removed")
    for name, value in (
        ("title", change.title),
        ("authors", change.authors),
        ("published", change.published),
        ("modified", change.modified),
        ("section", change.section),
        ("tags", change.tags),
    ):
        if value is not None:
            _print(f"{name}: {_of_change(value)}")
    _print_text(change.paragraphs)


def _of_change(change: Change | ListChange) -> str:
    if isinstance(change, Change):
        return _marked(change.spans)
    removed = [_mark("removed", value) for value in change.removed]
    return ", ".join(removed + [_mark("added", value) for value in change.added])


def _print_text(paragraphs: Sequence[Paragraph]) -> None:
    """What changed, each with the paragraph before it and the one behind."""
    changed = [
        n for n, paragraph in enumerate(paragraphs) if paragraph.kind not in ("same", "moved")
    ]
    shown = sorted(
        {near for n in changed for near in (n - 1, n, n + 1)} & set(range(len(paragraphs)))
    )
    behind = -1
    for number in shown:
        _print_gap(number - behind - 1)
        text = _marked(paragraphs[number].spans)
        if text.strip():
            _print(f"\n{text}")
        behind = number
    if shown:
        _print_gap(len(paragraphs) - behind - 1)


def _print_gap(paragraphs: int) -> None:
    if paragraphs:
        _print(
            f"\n({paragraphs} more paragraph{'s' if paragraphs > 1 else ''} that did not change)"
        )


def _marked(spans: Iterable[Span]) -> str:
    return "".join(_mark(span.kind, span.text) for span in spans).rstrip("\n")


def _mark(kind: SpanKind, text: str) -> str:
    """Marks within the white space around it, so that no line ends within them."""
    begin, end = _MARKS[kind]
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    shown = "\n".join(map(printable, core.split("\n")))
    marked = click.style(f"{begin}{shown}{end}", fg=_COLOURS[kind])
    return f"{text[:start]}{marked}{text[start + len(core) :]}"


def _print(text: str, *, bold: bool = False) -> None:
    # A pipe gets no colours in any case.
    click.echo(
        click.style(text, bold=bold or None), color=False if "NO_COLOR" in os.environ else None
    )
