"""`list`, `get`, `search`: what the collection holds."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

import click

from archive.documents import line
from archive.errors import NotArchived, Withheld
from archive.index import CaptureQuery, SearchQuery
from archive.model import Capture
from archive.urlkey import Match
from archive.view import View
from crawler.cli.exits import CHECKS_FAILED
from crawler.cli.options import Language, Moment, Url, as_json, limit, since_until
from crawler.cli.output import complain, print_json, print_row, printable
from crawler.cli.reading import also_withheld, opened, view_of
from crawler.opening import PARTIAL

Form = Literal["raw", "payload", "body", "headers", "text", "json", "warc"]


@click.command("list")
@click.argument("url", type=Url())
@click.option(
    "--match",
    type=click.Choice(get_args(Match)),
    default="exact",
    show_default=True,
    help="What URL stands for.",
)
@since_until
@limit
@also_withheld
@as_json
def list_captures(
    url: str,
    match: Match,
    start: str | None,
    end: str | None,
    limit: int | None,
    withheld: bool,
    as_json: bool,
) -> None:
    """List the captures of URL, oldest first; with --match those of all URLs that it stands for,
    one URL after the other."""
    with opened(url) as collection:
        found = False
        view = view_of(collection, withheld=withheld)
        query = CaptureQuery(url=url, match=match, start=start, end=end, limit=limit)
        for capture in view.captures(query):
            found = True
            if withheld:
                _tell_why(view, capture)
            if as_json:
                print_json(cdxj_fields(capture))
            else:
                print_row(capture.timestamp, capture.status, capture.mime, capture.url)
        if not found:
            hidden = next(view.everything().captures(query), None)
            if hidden is not None:
                raise Withheld(url, view.withholding(hidden))
            filtered = bool(start or end or match != "exact")
            raise NotArchived(url, "no capture fits these options" if filtered else "")


def _tell_why(view: View, capture: Capture) -> None:
    """For the operator: by which decisions a capture is withheld."""
    reasons = Withheld(capture.url, view.withholding(capture)).reasons
    if reasons:
        complain(f"{capture.url} of {capture.timestamp} is withheld by {reasons}")


def cdxj_fields(capture: Capture) -> dict[str, Any]:
    """The capture with CDXJ's names; fields without a value are left out."""
    return {key: value for key, value in asdict(capture).items() if value is not None}


@click.command("get")
@click.argument("url", type=Url())
@click.option("--at", type=Moment(), metavar="TIME", help="The snapshot nearest to this time.")
@click.option(
    "--status",
    type=click.Choice(["any"]),
    help="Take the snapshot that time alone names, whatever its status.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(get_args(Form)),
    default="body",
    show_default=True,
    help="What of it: raw = the bytes of the wire; payload = transfer coding undone; "
    "body = content coding undone too; headers; text; json = the document; warc = the records.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file."
)
@also_withheld
@click.option("--json", "as_json", is_flag=True, help="The same as --as json.")
def get(
    url: str,
    at: str | None,
    status: str | None,
    form: Form,
    output: Path | None,
    withheld: bool,
    as_json: bool,
) -> None:
    """Write one snapshot of URL to standard output."""
    with opened(url) as collection:
        view = view_of(collection, withheld=withheld)
        capture = view.find(url, at=at, any_status=status == "any")
        data = _bytes_of(view, url, at, capture, "json" if as_json else form)
    if output is not None:
        try:
            output.write_bytes(data)
        except OSError as error:
            raise click.ClickException(f"cannot write {output}: {error.strerror}") from error
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _bytes_of(view: View, url: str, at: str | None, capture: Capture, form: Form) -> bytes:
    _tell_why(view, capture)
    memento = view.open(capture)
    if at is not None and memento.capture.timestamp != at and sys.stderr.isatty():
        complain(f"the nearest snapshot is of {memento.capture.timestamp}")
    if form == "raw":
        return memento.raw
    if form == "warc":
        return memento.members
    if form == "headers":
        return memento.head_bytes
    memento = view.follow(memento)
    if memento.capture != capture:
        _tell_why(view, memento.capture)
    if form == "payload":
        return memento.payload
    if form == "body":
        return memento.body()
    found = memento.capture
    document = view.document(found)
    if document is None:
        raise NotArchived(
            f"the text of {url}",
            "`pressmark doctor --repair` makes one that is missing"
            if found.may_be_page
            else f"it is of type {found.mime}, and only pages of HTML have one; `--as body` gives "
            "it",
        )
    if form == "text":
        text = document.article.text
        if not text:
            status = document.article.extraction_status
            raise NotArchived(
                f"the text of {url}",
                f"its extraction ended with {status!r} (`extraction_status`); `--as body` gives "
                "the page",
            )
        if sys.stdout.isatty():
            text = "\n".join(printable(part) for part in text.split("\n"))
        return f"{text}\n".encode()
    return line(document) + b"\n"


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--language",
    type=Language(),
    metavar="L",
    help="Only documents in this language: two letters, such as en.",
)
@click.option("--source", metavar="S", help="Only documents of this source.")
@since_until
@limit
@as_json
def search(
    words: tuple[str, ...],
    language: str | None,
    source: str | None,
    start: str | None,
    end: str | None,
    limit: int | None,
    as_json: bool,
) -> int:
    """Find documents that hold all WORDS, best first."""
    with opened(" ".join(words)) as collection:
        hits = View(collection).search(
            SearchQuery(
                words=" ".join(words),
                language=language,
                source=source,
                start=start,
                end=end,
                limit=limit or 20,
            )
        )
        partial = not hits and collection.index.is_partial()
        known = (
            source is None or bool(hits) or source in {s.name for s in collection.index.sources()}
        )
    more = f"; {PARTIAL}" if partial else ""
    if not known:
        complain(
            f"the archive has no source {source!r}: `pressmark status` shows those that it has"
            f"{more}"
        )
        return CHECKS_FAILED
    if not hits:
        complain(f"no document has all of: {' '.join(words)}{more}")
    for hit in hits:
        if as_json:
            print_json(asdict(hit))
        else:
            print_row(hit.timestamp, hit.date, hit.title or hit.url)
            print_row("   ", hit.url)
            print_row("   ", " ".join(hit.snippet.split()))
    return 0
