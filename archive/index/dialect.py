"""Everything that depends on which database it is: here SQLite, in a file.

WAL lets any number of readers, in other threads and processes, work beside one writer. A
transaction that acknowledges is flushed to the disk (`synchronous=FULL`) before it returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Table,
    TableClause,
    create_engine,
    event,
    inspect,
    literal_column,
    make_url,
    table,
    text,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from archive.errors import IndexFailure, IndexUnavailable
from archive.index.words import Alternatives

WRITE = "pressmark_write"
"""Execution option of connections that are going to write."""

_BUSY_SECONDS = 30
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


def parse_url(url: str) -> URL:
    """Raises IndexUnavailable for anything but a SQLite file."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise IndexUnavailable(f"{url!r} is not the URL of a database: {error}") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database or ":" in parsed.database[:5]:
        raise IndexUnavailable(
            f"{parsed.render_as_string()} cannot hold the index: give sqlite:////folder/index.db"
        )
    return parsed


def open_engine(url: URL) -> Engine:
    """An engine on the file, whose folder is made. Raises IndexUnavailable."""
    folder = Path(cast("str", url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexUnavailable(
            f"cannot make the folder of the index, {folder}: {error.strerror}; "
            "correct `home` or `database`, or its permissions"
        ) from error
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_SECONDS}, pool_size=8, max_overflow=-1
    )
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin` alone
    for pragma in (
        f"page_size={_PAGE_SIZE}",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"cache_size=-{_CACHE_KIB}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A reader that becomes a writer later could be refused at once, without waiting its turn.
    writes = connection.get_execution_options().get(WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def table_names(connection: Connection) -> list[str]:
    """Tables of the database; none when it is new."""
    return inspect(connection).get_table_names()


def create_fulltext(connection: Connection) -> None:
    """The full-text index, empty."""
    connection.exec_driver_sql(_CREATE)


def upsert(
    target: Table, keys: Sequence[str], *, where: ColumnElement[bool] | None = None
) -> Insert:
    """INSERT that replaces the row of the same `keys`, if `where` holds for that row.

    A column `id` keeps its value.
    """
    statement = insert(target)
    replaced = [column.name for column in target.c if column.name not in {"id", *keys}]
    values = {name: statement.excluded[name] for name in replaced}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=values, where=where)


def insert_new(target: Table) -> Insert:
    """INSERT that leaves a row that is there alone."""
    return insert(target).on_conflict_do_nothing()


def fulltext() -> TableClause:
    """The full-text index as a table to join by `rowid`."""
    return table("fulltext", literal_column("rowid"))


def add_text(connection: Connection, row: dict[str, Any]) -> None:
    """Enter a document: `id`, and tokens parted by spaces for `title text authors accented`."""
    connection.execute(_ADD, row)


def remove_text(connection: Connection, row: dict[str, Any]) -> None:
    """Take a document out; `row` exactly as it was entered."""
    connection.execute(_REMOVE, row)


def matches(words: Sequence[Alternatives]) -> ColumnElement[bool]:
    """The condition that a document has all the words."""
    expression = " AND ".join(
        f"({' OR '.join(_quoted(phrase.tokens, phrase.prefix) for phrase in word)})"
        for word in words
    )
    return cast(
        "ColumnElement[bool]",
        literal_column("fulltext").op("MATCH", is_comparison=True)(expression),
    )


def _quoted(tokens: Sequence[str], prefix: bool) -> str:
    # Tokens hold letters, marks and digits alone: nothing in them ends the quotation.
    return f'"{" ".join(tokens)}"{" *" if prefix else ""}'


def rank() -> ColumnElement[float]:
    """How well a document matches, greater is better."""
    return literal_column(_RANK, Float)


def failure(error: SQLAlchemyError, name: str) -> IndexFailure:
    """What to tell of an error of the database `name`."""
    cause = getattr(error, "orig", None) or error
    code = "_".join(str(getattr(cause, "sqlite_errorname", "")).split("_")[:2])
    if code in _DAMAGED:
        return IndexUnavailable(
            f"the index {name} is damaged ({cause}): move it away and run "
            "`pressmark rebuild-index`; nothing in storage is lost"
        )
    if code in _LOCKED:
        return IndexUnavailable(
            f"the index {name} was locked by another process for {_BUSY_SECONDS} s ({cause}): "
            "try again when that is done"
        )
    if code == "SQLITE_FULL":
        return IndexUnavailable(f"the disk of the index {name} is full: make room, then try again")
    if code in _UNWRITABLE:
        return IndexUnavailable(
            f"the index {name} cannot be opened for writing ({cause}): correct its permissions, "
            "or name another place with `home` or `database`"
        )
    return IndexUnavailable(f"the index {name} failed: {cause}")
