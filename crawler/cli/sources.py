"""`sources list|show|check`, and `init`: what is followed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from config.load import DEFAULT_FILE, load
from config.sources import Source
from config.template import render
from crawler.cli.exits import CHECKS_FAILED, WRONG_USAGE
from crawler.cli.options import as_json
from crawler.cli.output import complain, print_json, table


@click.group("sources")
def sources() -> None:
    """What is followed."""


@sources.command("list")
@as_json
def list_sources(as_json: bool) -> None:
    """List the configured sources."""
    configured = load().sources
    if as_json:
        for source in configured:
            print_json(fields(source))
        return
    if not configured:
        click.echo("No source is configured; see `sources` in pressmark.yaml.")
        return
    rows = [
        (source.name, source.schedule, *(source.seeds or source.feeds or source.sitemaps)[:1])
        for source in configured
    ]
    table([("NAME", "SCHEDULE", "STARTS AT"), *rows])


@sources.command("show")
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show one source with the defaults merged in."""
    values = fields(load().source(name))
    if as_json:
        print_json(values)
    else:
        table([(key, ", ".join(v) if isinstance(v, list) else v) for key, v in values.items()])


@sources.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@as_json
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Fetch what each source starts at, without archiving, and say what is found there."""
    configuration = load()
    chosen = [configuration.source(name) for name in names] or list(configuration.sources)
    if not chosen:
        complain("no source is configured; see `sources` in pressmark.yaml")
        raise click.exceptions.Exit(WRONG_USAGE)
    # Scrapy takes a second to load, and only this command of the group needs it.
    from crawler.reactor import STATUS
    from crawler.source_check import check_sources

    findings, interrupted = check_sources(configuration, chosen)
    if as_json:
        for finding in findings:
            print_json(finding.to_json())
    else:
        table([("ok" if f.ok else "FAILED", f.source, f.kind, f.url, f.detail) for f in findings])
    if interrupted is not None:
        raise click.exceptions.Exit(STATUS[interrupted])
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(CHECKS_FAILED)


def fields(source: Source) -> dict[str, object]:
    """The keys of a source as JSON has them; secret header values are masked."""
    return source.model_dump(mode="json")


@click.command("init")
@click.option("--contact", metavar="TEXT", help="URL or e-mail address for site owners.")
@click.option("--force", is_flag=True, help="Replace the file where it exists.")
def init(contact: str | None, force: bool) -> None:
    """Write a commented pressmark.yaml into this folder."""
    path = Path(DEFAULT_FILE)
    if path.exists() and not force:
        complain(f"{path} exists already; edit it, or replace it with `pressmark init --force`")
        raise click.exceptions.Exit(WRONG_USAGE)
    if not contact and sys.stdin.isatty():
        contact = click.prompt("A web page or e-mail address where site owners reach you")
    if not contact:
        complain("a contact is needed: `pressmark init --contact https://example.org/about`")
        raise click.exceptions.Exit(WRONG_USAGE)
    path.write_text(render(contact), encoding="utf-8")
    click.echo(f"Wrote {path}. Next: `pressmark doctor`, then `pressmark archive URL`.")
