"""`verify`, `rebuild-index`, `doctor`: is what is kept whole, is the machine fit to keep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from archive.collection import Collection
from archive.index import Index
from archive.rebuild import rebuild
from archive.verify import MOST, Healed, Report, heal
from archive.verify import verify as audit
from config.quantities import show_count
from config.schema import Configuration
from crawler.cli.doctor import examine
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.exits import CHECKS_FAILED
from crawler.cli.options import as_json
from crawler.cli.output import complain, print_json, print_row, progress, table
from crawler.opening import open_collection, store_of


@click.command("verify")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only what N manifests name, drawn at random.",
)
@click.option("--repair", is_flag=True, help="First heal the store and its mirror from each other.")
@as_json
def verify(sample: int | None, repair: bool, as_json: bool) -> None:
    """Read storage again and check every digest, and the index against the objects."""
    configuration = load_of_existing()
    if repair and not configuration.mirror:
        raise click.UsageError("--repair needs a second store: set `mirror` in pressmark.yaml")
    home = Path(configuration.home)
    healed: list[Healed] = []
    has_index = Index.exists(configuration.index_url)
    with _audited(configuration, has_index=has_index) as collection:
        collection.store.check(writing=repair)
        if repair and collection.mirror is not None:
            collection.check_ours()
            collection.mirror.check()
            with progress("Healing") as advance:
                healed = list(
                    heal(collection.store, collection.mirror, folder=home, advance=advance)
                )
        with progress("Verifying") as advance:
            report = audit(collection, home=home, sample=sample, advance=advance)
    lost = not has_index and bool(report.objects or report.findings)
    if lost:
        complain("there is no index, but files in the store: run `pressmark rebuild-index`")
    counts = report.to_json()
    if as_json:
        print_json({**counts, "healed": [asdict(one) for one in healed]} if repair else counts)
    else:
        for one in healed:
            print_row("healed" if one.store else "not healed", one.key, one.detail, one.store)
        for finding in report.findings:
            print_row(finding.kind, finding.name, finding.detail)
        summary = "{objects} objects and {records} records read: {bad} bad, {missing} missing, "
        orphans = report.count("orphan")
        summary += f"{orphans} orphans, {{unindexed}} unindexed"
        click.echo(summary.format(**counts))
        if len(report.findings) == MOST:
            click.echo("there are more: what is counted is not all named")
        for remedy in _remedies(report, mirrored=bool(configuration.mirror), healed=repair):
            click.echo(remedy)
    if lost or report.findings or any(not one.store for one in healed):
        raise click.exceptions.Exit(CHECKS_FAILED)


@contextmanager
def _audited(configuration: Configuration, *, has_index: bool) -> Iterator[Collection]:
    """The collection; where it has no index, with an empty one that is gone afterwards.

    Were it made in its place, the next capture would not notice that the old one was lost.
    """
    with TemporaryDirectory() as folder:
        url = None if has_index else f"sqlite:///{folder}/index.db"
        collection = open_collection(configuration, index_url=url)
        try:
            yield collection
        finally:
            collection.close()


def _remedies(report: Report, *, mirrored: bool, healed: bool) -> Iterator[str]:
    """One line for each kind of remedy that the findings need."""
    if report.count("unindexed"):
        yield "unindexed: `pressmark rebuild-index` enters it"
    if report.count("bad") or report.count("missing"):
        if mirrored and not healed:
            yield "bad or missing: `pressmark verify --repair` restores what the mirror has whole"
        else:
            yield (
                "bad or missing: bring objects back from a backup of the collection; where the "
                "index alone is wrong, `pressmark rebuild-index` corrects it, and leaves out what "
                "is lost with `--forget-missing`"
            )
    if report.count("orphan"):
        yield (
            "orphan: a file of this collection needs its manifest again, from the mirror "
            "(`pressmark verify --repair`) or a backup; move away what is none"
        )


@click.command("doctor")
@click.option(
    "--repair",
    is_flag=True,
    help="First take up what ended processes left, and make texts that are missing.",
)
@as_json
def doctor(repair: bool, as_json: bool) -> None:
    """Check configuration, home, storage, index and clock; say what to do."""
    configuration = load_of_existing()
    status = 0
    if repair:
        # Scrapy takes a second, and only this needs it.
        from crawler.cli.repairing import repair as take_up

        status = take_up(configuration, as_json=as_json)
    checks = examine(configuration)
    if as_json:
        for check in checks:
            print_json(
                {
                    "check": check.name,
                    "ok": check.ok,
                    "detail": check.detail,
                    "remedy": check.remedy,
                }
            )
    else:
        table([("ok" if check.ok else "FAILED", check.name, check.detail) for check in checks])
        for check in checks:
            if check.remedy:
                click.echo(f"{check.name}: {check.remedy}")
    failed = [check for check in checks if not check.ok]
    if failed or status:
        status = max([status, *(check.exit_status for check in failed)])
        raise click.exceptions.Exit(status)


@click.command("rebuild-index")
@click.option(
    "--forget-missing",
    is_flag=True,
    help="Go on without files that the index calls stored and the store has lost.",
)
@as_json
def rebuild_index(forget_missing: bool, as_json: bool) -> None:
    """Make the index again from the objects alone, and put it in the place of the old one."""
    configuration = load_of_existing()
    began = time.monotonic()
    with progress("Rebuilding") as advance:
        store = store_of(configuration)
        try:
            store.check(writing=False)
            home = Path(configuration.home)
            unread = rebuild(
                store,
                configuration.index_url,
                home=home,
                forget_missing=forget_missing,
                advance=advance,
            )
        finally:
            store.close()
    index = Index(configuration.index_url)
    try:
        counts = index.counts()
    finally:
        index.close()
    seconds = time.monotonic() - began
    for file in unread:
        complain(f"could not be read: {file}")
    if as_json:
        print_json(
            {
                "segments": counts.segments,
                "captures": counts.captures,
                "documents": counts.documents,
                "seconds": round(seconds, 3),
            }
        )
    else:
        click.echo(
            f"{show_count(counts.segments, 'segment')}, "
            f"{show_count(counts.captures, 'capture')}, "
            f"{show_count(counts.documents, 'document')} in {seconds:.1f} s"
        )
        if counts.unextracted:
            lacking = show_count(counts.unextracted, "page has", "pages have")
            click.echo(f"{lacking} no text: `pressmark doctor --repair` makes it")
    if unread:
        raise click.exceptions.Exit(CHECKS_FAILED)
