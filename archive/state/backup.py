"""A copy of the state in one file, the same for every database: JSON Lines, gzip.

{"pressmark_state": 1, "revision": "0001", "created": "2026-11-22T09:30:00.000000Z"}
{"table": "store_capabilities", "row": {...}}     one line a row; bytes as {"base64": "..."}
{"rows": 1}                                       the last line: nothing is missing
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, func, select

from archive.errors import BackupDamaged, StateFailure, StateTaken
from archive.files import sync_folder
from archive.state import migrating
from archive.state.database import State
from archive.state.schema import HEAD, metadata
from archive.timestamps import now, to_warc_date

FORMAT = 1

_BATCH = 1000
_INTEGERS = 1 << 63  # of 64 bits, with their sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup says of itself."""

    revision: str  #: of the tables that its rows come from
    created: str  #: as a WARC-Date
    rows: int


def back_up(state: State, file: Path, *, replace: bool = False) -> Backup:
    """Write the state of one moment, whoever uses it meanwhile; readable by this user alone.

    Raises FileExistsError unless `replace`, OSError, StateFailure. A failure leaves no file, and an
    old one as it was.
    """
    if not replace and os.path.lexists(file):
        raise FileExistsError(file)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as output:
            backup = _write(state, output)
            output.flush()
            os.fsync(output.fileno())
        if replace:
            temporary.rename(file)
        else:
            os.link(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(file.parent)
    return backup


def _write(state: State, output: BinaryIO) -> Backup:
    rows = 0
    created = to_warc_date(now())
    with gzip.GzipFile(filename="", fileobj=output, mode="wb", mtime=0) as packed:
        _put(packed, {"pressmark_state": FORMAT, "revision": HEAD, "created": created})
        with state.reading() as connection:
            for table in metadata.sorted_tables:
                statement = select(table).order_by(*table.primary_key.columns)
                for row in connection.execute(statement).mappings():
                    values = {name: to_plain(value) for name, value in row.items()}
                    _put(packed, {"table": table.name, "row": values})
                    rows += 1
        _put(packed, {"rows": rows})
    return Backup(revision=HEAD, created=created, rows=rows)


def restore(state: State, file: Path, *, replace: bool = False) -> Backup:
    """Put a backup in the place of what the state holds: all of it, or nothing.

    A backup of an older Pressmark is brought forward. Raises BackupDamaged; StateTaken when the
    state holds rows, unless `replace`; OSError, StateFailure.
    """
    # Once through before anything is touched.
    backup = read_backup(file)
    if backup.revision not in migrating.known_revisions():
        raise StateFailure(
            f"{file} was written by a newer Pressmark (revision {backup.revision}, this one knows "
            f"them up to {HEAD}): use that one"
        )
    with state.writing() as connection:
        state.lock(connection)
        if not replace and _holds_rows(connection):
            raise StateTaken(
                f"the state {state.name} holds something already, which {file} would replace; "
                "back it up first, then add --replace"
            )
        for table in reversed(metadata.sorted_tables):
            table.drop(connection)
        connection.exec_driver_sql(f"DROP TABLE {migrating.VERSION_TABLE}")
        migrating.upgrade(connection, state.name, backup.revision)
        _fill(connection, file)
        migrating.upgrade(connection, state.name)
    return backup


def _holds_rows(connection: Connection) -> bool:
    return any(
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    )


def _fill(connection: Connection, file: Path) -> None:
    tables = migrating.tables_of(connection)
    waiting: list[dict[str, Any]] = []
    last = ""
    for name, row in _rows(file):
        if name != last or len(waiting) == _BATCH:
            if waiting:
                connection.execute(tables[last].insert(), waiting)
            waiting, last = [], name
        if name not in tables or row.keys() != set(tables[name].c.keys()):
            raise BackupDamaged(f"{file} has a row of {name!r} that is none of its own "
                                "revision: take another backup")  # fmt: skip
        waiting.append(row)
    if waiting:
        connection.execute(tables[last].insert(), waiting)


def read_backup(file: Path) -> Backup:
    """What a backup says of itself, when all of it was read. Raises BackupDamaged, OSError."""
    lines = _lines(file)
    head = next(lines, {})
    if head.get("pressmark_state") != FORMAT or not isinstance(head.get("revision"), str):
        raise BackupDamaged(
            f"{file} is no backup of the state that this Pressmark can read: take another file, or "
            "the Pressmark that wrote it"
        )
    rows, end = 0, None
    for line in lines:
        if end is not None:
            raise BackupDamaged(f"{file} goes on after its end: take another backup")
        if "table" in line:
            _row(line, file)
            rows += 1
        else:
            end = line.get("rows")
    if end != rows:
        raise BackupDamaged(f"{file} is not whole: take another backup")
    return Backup(revision=head["revision"], created=str(head.get("created", "")), rows=rows)


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in _lines(file):
        if "table" in line:
            yield _row(line, file)


def _row(line: dict[str, Any], file: Path) -> tuple[str, dict[str, Any]]:
    table, row = line["table"], line.get("row")
    try:
        if isinstance(table, str) and isinstance(row, dict):
            return table, {name: from_plain(value) for name, value in row.items()}
    except ValueError as error:
        raise BackupDamaged(f"{file} has a row that no state holds ({error}): "
                            "take another backup") from error  # fmt: skip
    raise BackupDamaged(f"{file} has a row that is none: take another backup")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file) as packed:
            for line in packed:
                value = json.loads(line)
                if not isinstance(value, dict):
                    raise BackupDamaged(f"{file} is no backup of the state: take another file")
                yield value
    except (EOFError, zlib.error, gzip.BadGzipFile, ValueError, RecursionError) as error:
        raise BackupDamaged(
            f"{file} is not a whole backup of the state ({error}): take another one"
        ) from error


def _put(output: gzip.GzipFile, value: dict[str, Any]) -> None:
    output.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")


def to_plain(value: Any) -> Any:
    """A column's value as JSON has it."""
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def from_plain(value: Any) -> Any:
    """The reverse of `to_plain`. Raises ValueError for what that does not give."""
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        return base64.b64decode(value["base64"], validate=True)
    if isinstance(value, list | dict) or (
        isinstance(value, int) and not -_INTEGERS <= value < _INTEGERS
    ):
        raise ValueError(f"{value!r:.40} is no value of a column")
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is no text
    return value
