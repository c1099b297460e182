"""A new SQLite file beside the live one, and how it takes its place.

The name of the index, `index.db`, then is a symbolic link to `index.db.1`; the next one is
`index.db.2`. A rename of the link is atomic, and each file keeps its own write-ahead log, which
SQLite names after the file that the link leads to. Renaming one database over another would give
it the log of the other.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from archive.errors import IndexUnavailable
from archive.files import sync_folder
from archive.index.dialect.base import Row
from archive.index.dialect.sqlite import Sqlite, make_folder_of, set_up
from archive.index.schema import captures, captures_place

_SORTING_KIB = 200_000
_STAGED = ".staged"
_COLUMNS = [column.name for column in captures.c]
_KEY = ", ".join(f'"{column.name}"' for column in captures.primary_key)
_STAGE = f"INSERT INTO staged VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"  # noqa: S608 - of constants
_MOVE = f"INSERT OR REPLACE INTO captures SELECT * FROM staging.staged ORDER BY {_KEY}, rowid"  # noqa: S608 - of constants
# Two captures at one place of a file cannot both be right: the WARC decides when it is verified.
_THIN_OUT = f"""
    DELETE FROM captures WHERE (segment, "offset") IN
    (SELECT segment, "offset" FROM captures GROUP BY segment, "offset" HAVING count(*) > 1)
    AND ({_KEY}) NOT IN
    (SELECT max(urlkey), max(timestamp), segment, "offset" FROM captures GROUP BY segment, "offset")
"""  # noqa: S608 - of constants
_INDEX = f'CREATE UNIQUE INDEX {captures_place.name} ON captures (segment, "offset")'


class SqliteBeside:
    """See archive.index.dialect.base.Beside."""

    dialect: Sqlite

    def __init__(self, live: Sqlite) -> None:
        self._live = live
        self._path = _own(live.path)
        self._lock: int | None = None
        self._staging: sqlite3.Connection | None = None

    def open(self) -> None:
        make_folder_of(self._path)
        with self._telling():
            self._lock = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise IndexUnavailable(
                    f"another process is making {self._live.name} anew: wait until it is done"
                ) from error
            self._old = self._number()
            self._sweep({self._old, self._old + 1})
            self._file = self._beside(f".{self._old + 1}")
            self.dialect = Sqlite(str(self._file))

    def discard(self) -> None:
        self._let_go()
        with self._telling():
            self._sweep({self._old})
        self.dialect = Sqlite(str(self._file))

    def create(self, connection: Connection) -> None:
        self.dialect.create(connection)
        captures_place.drop(connection)

    def stage(self, rows: Sequence[Row]) -> None:
        with self._telling():
            if self._staging is None:
                self._staging = sqlite3.connect(f"{self._file}{_STAGED}", check_same_thread=False)
                set_up(self._staging)
                columns = ", ".join(f'"{name}"' for name in _COLUMNS)
                self._staging.execute(f"CREATE TABLE IF NOT EXISTS staged ({columns})")
            with closing(self._staging.cursor()) as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                try:
                    cursor.executemany(_STAGE, rows)
                except BaseException:
                    cursor.execute("ROLLBACK")
                    raise
                cursor.execute("COMMIT")

    def finish(self) -> None:
        with self._telling():
            if self._staging is not None:
                self._staging.close()
                self._staging = None
            with closing(sqlite3.connect(self._file)) as connection:
                set_up(connection)
                found = "SELECT 1 FROM sqlite_master WHERE name = ?"
                if not connection.execute(found, [captures_place.name]).fetchone():
                    self._move(connection)
            # Open connections would not find the key that they name in ON CONFLICT.
            self.dialect.renew()
            self._remove(_STAGED)

    def _move(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA cache_size=-{_SORTING_KIB}")
        staged = Path(f"{self._file}{_STAGED}")
        if staged.exists():
            connection.execute("ATTACH ? AS staging", [str(staged)])
        connection.execute("BEGIN IMMEDIATE")
        if staged.exists():
            connection.execute(_MOVE)
        try:
            connection.execute(_INDEX)
        except sqlite3.IntegrityError:
            connection.execute(_THIN_OUT)
            connection.execute(_INDEX)
        connection.execute("COMMIT")

    @contextmanager
    def hold_writers(self) -> Iterator[None]:
        with self._telling():
            holder = sqlite3.connect(self._path, timeout=self._live.busy_seconds)
        with closing(holder):
            try:
                set_up(holder)
                holder.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise self._live.failure(error) from error
            except sqlite3.DatabaseError:
                pass  # no database at all: nobody can write to it
            yield

    def take_place(self) -> None:
        with self._telling():
            old = self._path.resolve() if self._path.is_symlink() else self._path
            self._let_go()
            with closing(sqlite3.connect(self._file)) as connection:
                set_up(connection)
                busy: tuple[Any, ...] = connection.execute(
                    "PRAGMA wal_checkpoint(TRUNCATE)"
                ).fetchone()
                if busy[0]:
                    raise IndexUnavailable(
                        f"{self._file} is in use by another process: it stays beside the index; "
                        "run `pressmark rebuild-index` again when that is done"
                    )
            self._settle(old)
            link = self._beside(".link")
            link.unlink(missing_ok=True)
            link.symlink_to(self._file.name)
            link.replace(self._path)
            sync_folder(self._path.parent)
            # The first file had the name that now is the link's.
            for suffix in ("", "-wal", "-shm") if self._old else ("-wal", "-shm"):
                old.with_name(f"{old.name}{suffix}").unlink(missing_ok=True)

    def _settle(self, old: Path) -> None:
        """Bring the old file's log into it: who opens it just now finds no log any more."""
        # What is damaged, or read in this moment, stays as it is: it is replaced.
        with suppress(sqlite3.Error), closing(sqlite3.connect(old, timeout=0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        self._let_go()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _let_go(self) -> None:
        if self._staging is not None:
            self._staging.close()
            self._staging = None
        if hasattr(self, "dialect"):
            self.dialect.close()

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(f"{self._path.name}{suffix}")

    def _number(self) -> int:
        """Of the live file: 0 as long as it never was replaced."""
        return int(self._path.readlink().suffix[1:]) if self._path.is_symlink() else 0

    def _sweep(self, kept: set[int]) -> None:
        """Remove what ended processes left of other numbers."""
        pattern = re.compile(rf"{re.escape(self._path.name)}\.(\d+)((\.staged)?(-wal|-shm)?)")
        for file in self._path.parent.iterdir():
            match = pattern.fullmatch(file.name)
            if match and int(match[1]) not in kept:
                file.unlink(missing_ok=True)

    def _remove(self, suffix: str) -> None:
        for side in ("", "-wal", "-shm"):
            Path(f"{self._file}{suffix}{side}").unlink(missing_ok=True)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Errors in our own words."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._live.failure(error) from error
        except OSError as error:
            raise IndexUnavailable(
                f"the index {self._live.name} cannot be replaced: {error}; correct the permissions "
                "of its folder, or make room"
            ) from error


def _own(path: Path) -> Path:
    """The name that is a file, or our own link; a link of the user's own is followed."""
    while path.is_symlink():
        target = path.readlink()
        if re.fullmatch(rf"{re.escape(path.name)}\.\d+", str(target)):
            break
        path = path.parent / target
    return path
