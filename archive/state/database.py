"""State: the database of what the objects cannot tell; SQLite in a file, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from archive.databases import (
    DRIVER,
    has_unread_log,
    postgresql_engine,
    read_only_uri,
    sqlite_code,
)
from archive.errors import StateDamaged, StateFailure
from archive.state import migrating
from archive.state.schema import HEAD

SCHEMA = "press_state"
"""Schema on PostgreSQL, in the database that the index shares."""

_WRITE = "pressmark_write"
_BUSY_SECONDS = 30
_BATCH = 1000
# Any number that nobody else in the database takes: "press" in ASCII.
_MIGRATION_LOCK = 0x7072657373
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"}
_LOCKED = {"SQLITE_BUSY", "SQLITE_LOCKED"}
_UNWRITABLE = {"SQLITE_READONLY", "SQLITE_CANTOPEN"}
_LOCK_TIMEOUT = "55P03"


class State:
    """Thread-safe; processes may share the database.

    Every method raises StateFailure when it is locked, full or away, and StateDamaged.
    """

    def __init__(self, url: str) -> None:
        """Make the database when new, and run the migrations that it lacks.

        `url` as SQLAlchemy has it. Raises StateFailure, also when a newer Pressmark
        has worked on it.
        """
        parsed = _parsed(url)
        self.name = _shown(parsed)
        self._engine = _open(parsed)
        self._writer = self._engine.execution_options(**{_WRITE: True})
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    def _migrate(self) -> None:
        with self.reading() as connection:
            if migrating.revision_of(connection) == HEAD:
                return
        with self.writing() as connection:
            self.lock(connection)
            # Another process may have been quicker.
            found = migrating.revision_of(connection)
            tables = set(inspect(connection).get_table_names())
            if found is None and tables - {migrating.VERSION_TABLE}:
                raise StateFailure(
                    f"{self.name} is a database of something else: correct `database` or `home`"
                )
            if found != HEAD:
                migrating.upgrade(connection, self.name)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one moment, whatever is written meanwhile."""
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with self._translated(), engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, durable when it is over; an exception of the body undoes it."""
        with self._translated(), self._writer.begin() as connection:
            yield connection

    def upsert(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        *,
        keep: bool = False,
    ) -> None:
        """Enter rows in the place of those with the same primary key; `keep`: leave these as is."""
        postgres = connection.dialect.name == "postgresql"
        insert = (postgresql.insert if postgres else sqlite.insert)(table)
        if keep:
            statement = insert.on_conflict_do_nothing()
        else:
            statement = insert.on_conflict_do_update(
                index_elements=list(table.primary_key), set_=dict(insert.excluded)
            )
        for start in range(0, len(rows), _BATCH):
            connection.execute(statement, rows[start : start + _BATCH])

    def lock(self, connection: Connection) -> None:
        """Until the end of the transaction nobody else changes tables. SQLite is locked already."""
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise _failure(error, self.name, unread_log=self._has_unread_log()) from error

    def _has_unread_log(self) -> bool:
        url = self._engine.url
        return url.get_backend_name() == "sqlite" and has_unread_log(Path(str(url.database)))


def _parsed(url: str) -> URL:
    """Raises StateFailure for anything but SQLite and PostgreSQL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The message of SQLAlchemy repeats the text, which may hold a password.
        raise StateFailure("`database` is not the URL of a database: correct it") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database:
        return parsed
    if backend == "postgresql" and parsed.database:
        return parsed.set(drivername=DRIVER)
    raise StateFailure(
        f"{_shown(parsed)} cannot hold the state: give sqlite:////folder/state.db or "
        "postgresql://user@host/database"
    )


def _shown(url: URL) -> str:
    """The file, or the URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.render_as_string(hide_password=True)} ({SCHEMA})"


def _open(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return postgresql_engine(url, SCHEMA, busy_seconds=_BUSY_SECONDS)
    path = Path(str(url.database))
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateFailure(
            f"cannot make the folder of the state, {folder}: {error.strerror}; "
            "correct `home` or `database`, or its permissions"
        ) from error
    uri = read_only_uri(path)
    if uri is None:
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        engine = create_engine(url, creator=lambda: _connect_read_only(uri))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_read_only(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin_sqlite` alone
    end = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            break
        except sqlite3.OperationalError as error:
            # While another process makes the file, this is refused at once: no timeout counts.
            if sqlite_code(error) not in _LOCKED or time.monotonic() >= end:
                raise
        time.sleep(0.05)
    connection.execute("PRAGMA synchronous=FULL").close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that becomes a writer later could be refused at once, without waiting its turn.
    writes = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _failure(error: SQLAlchemyError, name: str, *, unread_log: bool) -> StateFailure:
    cause = getattr(error, "orig", None) or error
    code = sqlite_code(cause)
    if code in _DAMAGED:
        return StateDamaged(
            f"the state {name} is damaged ({cause}): run `pressmark state restore --replace` with "
            "your last backup, which keeps the damaged one beside it, or without a backup move it "
            "away; the archive is not touched by that"
        )
    if code in _LOCKED or getattr(cause, "sqlstate", None) == _LOCK_TIMEOUT:
        return StateFailure(
            f"the state {name} was locked by another process for {_BUSY_SECONDS} s ({cause}): "
            "try again when that is done"
        )
    if code == "SQLITE_FULL":
        return StateFailure(f"the disk of the state {name} is full: make room, then try again")
    if unread_log and code in _UNWRITABLE:
        return StateFailure(
            f"the state {name} is on a read-only file system ({cause}) with a log beside it that "
            "must be brought in first: run `pressmark status` once where it can be written"
        )
    if code:
        return StateFailure(
            f"the state {name} cannot be used ({cause}): correct its permissions, or name another "
            "place with `home` or `database`"
        )
    first = str(cause).strip().partition("\n")[0]
    return StateFailure(
        f"the state {name} cannot be used ({first}): check that the database runs, and `database`"
    )
