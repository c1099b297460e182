"""A backup in the place of a state, also of one that is damaged: that stays, under another name."""

from __future__ import annotations

import secrets
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import make_url

from archive.errors import StateDamaged
from archive.files import sync_folder
from archive.state.backup import Backup, read_backup, restore
from archive.state.database import State
from archive.timestamps import now, to_timestamp

_ENDINGS = ("", "-wal", "-shm")
"""Of the files that are one SQLite database."""


def restore_into(url: str, file: Path, *, replace: bool = False) -> tuple[Backup, Path | None]:
    """`restore` into the state at `url`; second where a damaged one lies now, None if it was whole.

    Raises BackupDamaged, StateTaken, StateFailure, OSError; StateDamaged unless `replace`.
    """
    # The state is likely damaged: say so only if the backup is not.
    read_backup(file)
    try:
        with closing(State(url)) as state:
            return restore(state, file, replace=replace), None
    except StateDamaged:
        if not replace:
            raise
    return _replace_damaged(url, file)


def _replace_damaged(url: str, file: Path) -> tuple[Backup, Path]:
    """The new database is whole before the damaged one is touched."""
    parsed = make_url(url)
    place = Path(str(parsed.database))
    new = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    aside = place.with_name(f"{place.name}.damaged-{to_timestamp(now())}")
    try:
        beside = parsed.set(database=str(new)).render_as_string(hide_password=False)
        with closing(State(beside)) as state:
            restored = restore(state, file)
        for ending in _ENDINGS:
            with suppress(FileNotFoundError):
                _with(place, ending).rename(_with(aside, ending))
        # A power cut must not leave the new database beside the log of the damaged one.
        sync_folder(place.parent)
        new.rename(place)
        sync_folder(place.parent)
    finally:
        for ending in _ENDINGS:
            _with(new, ending).unlink(missing_ok=True)
    return restored, aside


def _with(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
