"""`pressmark state`: a backup of what the objects cannot tell."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archive.state import State
from archive.state.backup import Backup, back_up
from archive.state.restoring import restore_into
from crawler.cli.elsewhere import load_of_existing
from crawler.cli.options import as_json
from crawler.cli.output import complain, print_json

_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group("state")
def state() -> None:
    """Back up the state (what the archive itself cannot tell), and restore it."""


@state.command("backup")
@_file
@click.option("--replace", is_flag=True, help="Replace FILE where there is one.")
@as_json
def backup(file: Path, replace: bool, as_json: bool) -> None:
    """Write the state into FILE; crawls may run meanwhile.

    The file can be restored into SQLite and PostgreSQL alike. Only this user can read it.
    """
    opened = State(load_of_existing().state_url)
    try:
        written = back_up(opened, file, replace=replace)
    except FileExistsError as error:
        raise click.UsageError(f"{file} exists; name another file, or add --replace") from error
    finally:
        opened.close()
    _tell(file, written, as_json, "backed up to")


@state.command("restore")
@_file
@click.option("--replace", is_flag=True, help="Replace what the state holds.")
@as_json
def restore(file: Path, replace: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the state: all of it, or nothing.

    With --replace also of a damaged one, which is kept beside it under another name.
    """
    if not file.exists():
        raise click.UsageError(f"there is no file {file}")
    restored, aside = restore_into(load_of_existing().state_url, file, replace=replace)
    if aside is not None:
        complain(f"the state was damaged: what was there is now {aside}")
    _tell(file, restored, as_json, "restored from")


def _tell(file: Path, backup: Backup, as_json: bool, done: str) -> None:
    if as_json:
        print_json({"file": str(file), **asdict(backup)})
    else:
        click.echo(f"{backup.rows} rows {done} {file} (state of {backup.created})")
