"""`archive` and `crawl`: capture now, and say what became of it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from archive.progress import Advance
from config.load import load
from config.schema import Configuration
from crawler.archiving import NOT_STORED, archive_urls
from crawler.cli.exits import WRONG_USAGE
from crawler.cli.options import as_json
from crawler.cli.output import complain, printable
from crawler.cli.working import Outcome, run_session
from crawler.crawling import crawl_sources, plan
from crawler.reactor import Interruption
from crawler.runner import Runner
from crawler.session import Session
from crawler.unfinished import unfinished_crawls

_AGAIN = "`pressmark crawl` of the same goes on with it within a day (--fresh begins anew)"


@click.command("archive")
@click.argument("urls", nargs=-1, metavar="URL...")
@click.option(
    "--input",
    "input_file",
    metavar="FILE",
    type=click.File("r", encoding="utf-8"),
    help="A file with one URL a line, or - for standard input.",
)
@click.option("--reasons", is_flag=True, hidden=True)  # for the server's own jobs
@as_json
def archive(urls: tuple[str, ...], input_file: TextIO | None, as_json: bool, reasons: bool) -> None:
    """Capture each URL with what its page needs, and return when it is stored."""
    configuration = with_contact(load())
    wanted = [*urls, *_lines(input_file)]
    if not wanted:
        raise click.UsageError("give at least one URL, or --input FILE")

    async def work(runner: Runner, advance: Advance) -> Outcome:
        results = await archive_urls(runner, wanted, advance)
        lines = [
            result.to_json() | ({"reason": result.reason} if reasons else {}) for result in results
        ]
        return Outcome(
            lines=lines,
            texts=[_result_text(line) for line in lines],
            ok=all(result.ok for result in results),
        )

    _capture(configuration, "Archiving", work, as_json=as_json)


@click.command("crawl")
@click.argument("names", nargs=-1, metavar="[SOURCE|URL]...")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Follow links N deep.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N pages a source.")
@click.option("--fresh", is_flag=True, help="Begin anew where a crawl was interrupted.")
@as_json
def crawl(
    names: tuple[str, ...], depth: int | None, limit: int | None, fresh: bool, as_json: bool
) -> None:
    """Crawl now: the named sources, a URL ad hoc, or all sources."""
    configuration = with_contact(load())
    sources = plan(configuration, names, depth=depth, limit=limit)
    if not sources:
        complain("no source is configured: name a URL, or add `sources` to pressmark.yaml")
        raise click.exceptions.Exit(WRONG_USAGE)

    async def work(runner: Runner, advance: Advance) -> Outcome:
        reports = await crawl_sources(runner, sources, advance, anew=fresh)
        lines = [report.to_json() for report in reports]
        unfinished = unfinished_crawls(Path(configuration.home))
        goes_on = any(source.name in unfinished for source in sources)
        return Outcome(
            lines=lines,
            texts=[_report_text(line) for line in lines],
            again=_AGAIN if goes_on else "",
            ok=all(report.pages and not report.errors for report in reports),
        )

    _capture(configuration, "Crawling", work, as_json=as_json)


def with_contact(configuration: Configuration) -> Configuration:
    """The configuration with a contact: asked for on a terminal, demanded in a pipe (exit 2)."""
    if configuration.contact:
        return configuration
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        complain(
            "`contact` is not configured: site owners must be able to reach you; "
            "set it in pressmark.yaml, which `pressmark init` writes"
        )
        raise click.exceptions.Exit(WRONG_USAGE)
    contact = click.prompt("A web page or e-mail address where site owners reach you", err=True)
    return configuration.with_contact(contact)


def _capture(
    configuration: Configuration,
    what: str,
    work: Callable[[Runner, Advance], Awaitable[Outcome]],
    *,
    as_json: bool,
) -> NoReturn:
    """Do the work with a runner, and exit with the right status."""

    async def with_runner(session: Session, interruption: Interruption, bar: Advance) -> Outcome:
        runner = Runner(session, interruption)
        return replace(await work(runner, bar), failure=runner.failure)

    status = run_session(configuration, what, with_runner, as_json=as_json)
    raise click.exceptions.Exit(status)


def _lines(file: TextIO | None) -> list[str]:
    """URLs of a file: one a line, empty lines and comments left out."""
    try:
        lines = [line.strip() for line in file or ()]
    except UnicodeDecodeError as error:
        raise click.UsageError(f"the list of URLs is not UTF-8: {error.reason}") from error
    return [line for line in lines if line and not line.startswith("#")]


def _result_text(line: dict[str, Any]) -> str:
    if line["error"]:
        # Why it is not stored is the same for all, and said on standard error.
        short = line["error"].startswith(NOT_STORED)
        said = f"{NOT_STORED}: {line['url']}" if short else line["error"]
        return printable(f"FAILED  {said}")
    document = line["document"] or {}
    title = document.get("title") or line["final_url"]
    requisites = line["requisites"]
    return printable(
        f"{line['state']}  {line['status']}  {line['timestamp']}  {title}  "
        f"(captures: {line['captures']}, requisites failed: {requisites['failed']})"
    )


def _report_text(line: dict[str, Any]) -> str:
    return (
        f"{line['source']}: pages {line['pages']}, captures {line['captures']}, "
        f"documents {line['documents']}, errors {line['errors']}; {line['seconds']:.1f} s"
    )
