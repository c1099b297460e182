"""The index in an SQLite file.

WAL lets any number of readers, in other threads and processes, work beside one writer. A
transaction that acknowledges is flushed to the disk (`synchronous=FULL`) before it returns.

The file may be replaced while it is open (see archive.index.dialect.sqlite_beside). Then its name
is a symbolic link to another one, and connections to the old file are given up: readers look at the
inode before they ask, writers when they have the write lock, which the replacer holds meanwhile.

On a read-only file system it can be read all the same (see archive.databases.read_only_uri).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Hashable, Sequence
from contextlib import closing, suppress
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Float,
    Table,
    bindparam,
    create_engine,
    event,
    inspect,
    literal_column,
    table,
    text,
)
from sqlalchemy.dialects.sqlite import Insert, insert

from archive.databases import has_unread_log, read_only_uri, sqlite_code
from archive.errors import IndexDamaged, IndexUnavailable
from archive.index.dialect.base import BUSY_SECONDS, WRITE, Dialect, Moved, Row
from archive.index.schema import metadata
from archive.index.words import Alternatives

_PAGE_SIZE = 8192
_CACHE_KIB = 16384

# Weights of the full-text columns in their order.
_RANK = "-bm25(fulltext, 5.0, 1.0, 2.0, 0.5)"
_CREATE = (
    # The analyser has decided what a word is; this only must not cut at vowel signs.
    "CREATE VIRTUAL TABLE fulltext USING fts5(title, text, authors, accented, content='', "
    "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M*'\")"
)
_ADD = text(
    "INSERT INTO fulltext(rowid, title, text, authors, accented)"
    " VALUES (:id, :title, :text, :authors, :accented)"
)
_REMOVE = text(
    "INSERT INTO fulltext(fulltext, rowid, title, text, authors, accented)"
    " VALUES ('delete', :id, :title, :text, :authors, :accented)"
)

_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"}
_UNWRITABLE = {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH"}
_LOCKED = {"SQLITE_BUSY", "SQLITE_LOCKED"}

Inode = tuple[int, int]


class _Connection(sqlite3.Connection):
    """A connection that knows which file it is to."""

    inode: Inode
    number: int  # which one it is of those that were opened


class Sqlite(Dialect):
    """An index in the file `path`, whose folder is made when the first connection is."""

    software = f"SQLite {sqlite3.sqlite_version}"
    driver_error = sqlite3.Error
    busy_seconds: float = BUSY_SECONDS
    fulltext = table("fulltext", literal_column("rowid"))
    matches = cast(
        "ColumnElement[bool]",
        literal_column("fulltext").op("MATCH", is_comparison=True)(bindparam("words")),
    )
    rank = literal_column(_RANK, Float)

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.name = path
        self.engine = create_engine(
            URL.create("sqlite", database=path),
            creator=self._connect,
            pool_size=8,
            max_overflow=-1,
        )
        event.listen(self.engine, "begin", _begin)
        self.paper = self.engine.dialect
        # A heap: the oldest is taken first, so that one cache is warm and not each of them.
        self._idle: list[tuple[int, _Connection]] = []
        self._numbers = count()
        self._now: Inode | None = None

    def exists(self) -> bool:
        # An empty file is what a full disk leaves: SQLite takes it for a database without tables.
        return self.path.exists() and self.path.stat().st_size > 0

    def place(self) -> Hashable:
        self._now = self._inode()
        return self._now

    def _inode(self) -> Inode | None:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - asked at each look-up: half the time
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _connect(self) -> _Connection:
        make_folder_of(self.path)
        while True:
            before = self._inode()
            uri = read_only_uri(self.path)
            connection = sqlite3.connect(
                uri or self.path,
                timeout=self.busy_seconds,
                factory=_Connection,
                check_same_thread=False,
                uri=uri is not None,
            )
            try:
                set_up(connection, read_only=uri is not None)
                connection.inode = cast("Inode", self._inode())
                connection.number = next(self._numbers)
            except BaseException:
                connection.close()
                raise
            # The file is opened by the first pragma: it was one and the same all the time.
            if connection.inode == before or before is None:
                return connection
            connection.close()

    def enter(self, connection: Connection) -> Hashable:
        driver = cast("_Connection", connection.connection.dbapi_connection)
        if driver.inode != self._inode():
            raise Moved
        return driver.inode

    def tables(self, connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    def exclude(self, _connection: Connection) -> None:
        pass  # every transaction that writes does

    def create(self, connection: Connection) -> None:
        metadata.create_all(connection)
        connection.exec_driver_sql(_CREATE)

    def ask(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        # SQLAlchemy's pool would take as long as the question itself.
        connection = self._take()
        try:
            found = connection.execute(sql, values).fetchall()
        except BaseException:
            connection.close()
            raise
        heappush(self._idle, (connection.number, connection))
        return found

    def _take(self) -> _Connection:
        with suppress(IndexError):
            while True:
                _, connection = heappop(self._idle)
                # One may have come back after `renew`.
                if connection.inode == self._now:
                    return connection
                connection.close()
        return self._connect()

    def renew(self) -> None:
        super().renew()
        with suppress(IndexError):
            while True:
                heappop(self._idle)[1].close()

    def insert(self, target: Table) -> Insert:
        return insert(target)

    def add_text(self, connection: Connection, row: Row) -> None:
        connection.execute(_ADD, row)

    def remove_text(self, connection: Connection, row: Row) -> None:
        connection.execute(_REMOVE, row)

    def query(self, words: Sequence[Alternatives]) -> str:
        return " AND ".join(
            f"({' OR '.join(_quoted(phrase.tokens, phrase.prefix) for phrase in word)})"
            for word in words
        )

    def passing(self, _error: Exception) -> bool:
        return False  # it waits for locks by itself

    def failure(self, error: Exception) -> IndexUnavailable:
        cause = getattr(error, "orig", None) or error
        code = sqlite_code(cause)
        if code in _DAMAGED:
            return IndexDamaged(
                f"the index {self.name} is damaged ({cause}): run `pressmark rebuild-index`, "
                "which makes it again; nothing in storage is lost"
            )
        if code in _LOCKED:
            return IndexUnavailable(
                f"the index {self.name} was locked by another process for {BUSY_SECONDS} s "
                f"({cause}): try again when that is done"
            )
        if code == "SQLITE_FULL":
            return IndexUnavailable(
                f"the disk of the index {self.name} is full: make room, then try again"
            )
        if code in _UNWRITABLE and has_unread_log(self.path):
            return IndexUnavailable(
                f"the index {self.name} is on a read-only file system ({cause}) with a log beside "
                "it that must be brought in first: run `pressmark status` once where it can be "
                "written"
            )
        if code in _UNWRITABLE:
            return IndexUnavailable(
                f"the index {self.name} cannot be opened for writing ({cause}): correct its "
                "permissions, make room on the disk, or name another place with `home` or "
                "`database`"
            )
        return IndexUnavailable(f"the index {self.name} failed: {cause}")


def make_folder_of(path: Path) -> None:
    """Raises IndexUnavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexUnavailable(
            f"cannot make the folder of the index, {path.parent}: {error.strerror}; "
            "correct `home` or `database`, or its permissions"
        ) from error


def set_up(connection: sqlite3.Connection, *, read_only: bool = False) -> None:
    """The settings that every connection has. Transactions begin where it is said, alone."""
    connection.isolation_level = None
    writing = (f"page_size={_PAGE_SIZE}", "journal_mode=WAL", "synchronous=FULL")
    for pragma in (*(() if read_only else writing), f"cache_size=-{_CACHE_KIB}"):
        with closing(connection.execute(f"PRAGMA {pragma}")) as cursor:
            cursor.fetchall()


def _begin(connection: Connection) -> None:
    # A reader that becomes a writer later could be refused at once, without waiting its turn.
    writes = connection.get_execution_options().get(WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _quoted(tokens: Sequence[str], prefix: bool) -> str:
    # Tokens hold letters, marks and digits alone: nothing in them ends the quotation.
    return f'"{" ".join(tokens)}"{" *" if prefix else ""}'
