"""`import`: archives of other tools, taken in whole or not at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from archive.errors import RecordError
from archive.importing.importer import Imported, Importer
from archive.recovery import Recovered, take_over
from config.load import load
from config.schema import Configuration
from config.values import NAME, check_source_name
from crawler.cli.exits import CHECKS_FAILED, UNAVAILABLE
from crawler.cli.options import as_json
from crawler.cli.output import complain, print_json, progress
from crawler.reactor import STATUS, Interruption, run
from crawler.session import Session


@dataclass(slots=True)
class _Import:
    """What has become of the files so far."""

    counts: Counter[str] = field(default_factory=Counter)  # segments, captures, documents, known
    names: set[str] = field(default_factory=set)
    refused: list[dict[str, str]] = field(default_factory=list)


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="WARC|WACZ...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--source",
    default="imported",
    metavar="NAME",
    show_default=True,
    help="Source that the captures are of, where a record names none.",
)
@as_json
def import_files(files: tuple[Path, ...], source: str, as_json: bool) -> None:
    """Take other tools' WARC and WACZ files into the collection, each whole or not at all."""
    try:
        check_source_name(source)
    except ValueError as error:
        raise click.BadParameter(f"{error}: {NAME}", param_hint="--source") from error
    configuration = load()
    found, status = run(lambda interruption: _work(configuration, files, source, interruption))
    for refusal in found.refused:
        complain(f"nothing was taken in of {refusal['file']}: {refusal['error']}")
    line: dict[str, Any] = {
        name: found.counts[name] for name in ("segments", "captures", "documents", "known")
    }
    if as_json:
        print_json({**line, "refused": found.refused})
    else:
        text = "{segments} segments, {captures} captures, {documents} documents"
        known = "; {known} files were in the collection before" if found.counts["known"] else ""
        click.echo((text + known).format(**line))
    raise click.exceptions.Exit(status)


async def _work(
    configuration: Configuration, files: tuple[Path, ...], source: str, interruption: Interruption
) -> tuple[_Import, int]:
    found = _Import()
    session = await Session.open(configuration, extract=False)
    try:
        with progress("Importing") as advance:
            importer = await asyncio.to_thread(Importer, session.collection, session.spool, source)
            for number, path in enumerate(files):
                advance(number, len(files))
                if interruption.once.is_set():
                    break
                try:
                    taken = await asyncio.to_thread(importer.take_in, path)
                except (RecordError, OSError) as error:
                    found.refused.append({"file": str(path), "error": str(error)})
                    continue
                await _keep(session, found, taken)
            advance(len(files), len(files))
        reextraction = session.reextraction()
        with progress("Extracting") as advance:
            width = configuration.text.workers
            work = reextraction.run(width=width, only=found.names, advance=advance)
            await interruption.ends(work)
        found.counts["documents"] = reextraction.done.documents
        await session.seal()
        failure = session.upload_error(own=False)
    finally:
        await session.close(hurry=interruption.twice.is_set())
    if failure is not None:
        complain(f"{failure}; what was taken in waits in the spool for the next start")
    if interruption.signal:
        return found, STATUS[interruption.signal]
    if failure is not None:
        return found, UNAVAILABLE
    return found, CHECKS_FAILED if found.refused else 0


async def _keep(session: Session, found: _Import, taken: Imported) -> None:
    """Index the new segments and have them uploaded."""
    found.counts["known"] += len(taken.known)
    if taken.spool is None:
        return
    session.adopted.append(taken.spool)
    await asyncio.to_thread(
        take_over,
        taken.spool,
        session.collection.index,
        session.uploader,
        Recovered(),
        adopted=False,
    )
    found.counts["segments"] += len(taken.segments)
    found.counts["captures"] += taken.captures
    found.names.update(taken.segments)
