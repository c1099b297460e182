"""`import`: archives of other tools, taken in whole or not at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from archive.errors import RecordError, WriteError
from archive.importing.importer import Imported, Importer, check_beginning
from archive.names import IMPORTED
from archive.progress import Advance
from archive.recovery import Recovered, take_over
from config.load import load
from config.quantities import show_count
from config.values import NAME, check_source_name
from crawler.cli.exits import CHECKS_FAILED
from crawler.cli.options import as_json
from crawler.cli.output import Bar
from crawler.cli.working import BUSY, Outcome, print_outcome, run_session
from crawler.reactor import Interruption
from crawler.sealing import seal_quietly
from crawler.session import Session

_COUNTS = ("segments", "captures", "documents", "known", "repeated")


@dataclass(slots=True)
class _Import:
    """What has become of the files so far."""

    counts: Counter[str] = field(default_factory=Counter)  # see `_COUNTS`
    names: set[str] = field(default_factory=set)
    refused: list[dict[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    failure: WriteError | None = None  # of our disk: nothing more can be taken in


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
    default=IMPORTED,
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
    if not Path(configuration.home).exists():
        # A home that was made for nothing looks as if there were a collection.
        refused = [refusal for path in files if (refusal := _refusal(path)) is not None]
        if len(refused) == len(files):
            print_outcome(_outcome(_Import(refused=refused)), as_json=as_json)
            raise click.exceptions.Exit(CHECKS_FAILED)

    async def work(session: Session, interruption: Interruption, bar: Bar) -> Outcome:
        found = _Import()
        importer = await asyncio.to_thread(Importer, session.collection, session.spool, source)
        for number, path in enumerate(files):
            bar(number, len(files))
            if interruption.once.is_set() or not await _take(session, importer, path, found):
                break
        if found.failure is None:
            bar.say("extracting")
            await _extract(session, interruption, found, bar)
        await seal_quietly(session, interruption)
        return _outcome(found)

    status = run_session(configuration, "Importing", work, as_json=as_json, extract=False)
    raise click.exceptions.Exit(status)


def _refusal(path: Path) -> dict[str, str] | None:
    """Why it is no archive at all, by its beginning; None: it may be one."""
    try:
        check_beginning(path)
    except (RecordError, OSError) as error:
        return {"file": str(path), "error": str(error)}
    return None


async def _take(session: Session, importer: Importer, path: Path, found: _Import) -> bool:
    """Take in a file, index its segments and have them uploaded; whether there can be more."""
    try:
        await asyncio.to_thread(_read_a_byte, path)
    except OSError as error:
        found.refused.append({"file": str(path), "error": str(error)})
        return True
    try:
        taken = await asyncio.to_thread(importer.take_in, path)
        await _keep(session, found, taken)
        _tell_of_repeated(path, found, taken)
    except RecordError as error:
        found.refused.append({"file": str(path), "error": str(error)})
    except OSError as error:
        # The next file would find the same disk.
        found.failure = WriteError(str(path), error)
        return False
    return True


def _tell_of_repeated(path: Path, found: _Import, taken: Imported) -> None:
    found.counts["repeated"] += taken.repeated
    if taken.repeated:
        found.complaints.append(
            f"{path}: {taken.repeated} of its {taken.captures} captures were in the collection "
            "before, by their WARC-Record-ID, and now are there twice; only whole files are known "
            "again"
        )


def _read_a_byte(path: Path) -> None:
    with path.open("rb") as file:
        file.read(1)


async def _keep(session: Session, found: _Import, taken: Imported) -> None:
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


async def _extract(
    session: Session, interruption: Interruption, found: _Import, advance: Advance
) -> None:
    reextraction = session.reextraction()
    width = session.configuration.text.workers
    work = reextraction.run(width=width, only=found.names, advance=advance)
    try:
        await interruption.ends(work)
    except WriteError as error:
        found.failure = found.failure or error
    found.counts["documents"] = reextraction.done.documents
    if reextraction.done.busy and found.names:
        found.complaints.append(f"texts of these files: {BUSY}")


def _outcome(found: _Import) -> Outcome:
    line: dict[str, Any] = {name: found.counts[name] for name in _COUNTS}
    made = ", ".join(show_count(line[f"{one}s"], one) for one in ("segment", "capture", "document"))
    known = show_count(line["known"], "file was", "files were")
    known = f"; {known} in the collection before" if line["known"] else ""
    return Outcome(
        lines=[{**line, "refused": found.refused}],
        texts=[made + known],
        complaints=found.complaints
        + [
            f"nothing was taken in of {refusal['file']}: {refusal['error']}"
            for refusal in found.refused
        ],
        ok=not found.refused,
        failure=found.failure,
        kept=bool(found.names),
    )
