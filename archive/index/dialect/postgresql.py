"""The index in a schema of a PostgreSQL database.

What sorts or is compared with ranges has the collation "C": bytewise, as in a sorted CDXJ. The
full-text index holds the analyser's own tokens, written as `tsvector` literals: the parser of
PostgreSQL, which knows words by the locale of the database, has no part in it.

The schema may be replaced while it is used (see archive.index.dialect.postgresql_beside). Writers
share an advisory lock that the replacer takes for itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Sequence
from typing import Any
from typing import cast as cast_type

import psycopg
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Float,
    Table,
    bindparam,
    cast,
    column,
    event,
    func,
    inspect,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, Insert, insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import OperationalError

from archive.databases import DRIVER, postgresql_engine
from archive.errors import IndexUnavailable
from archive.index.dialect.base import BUSY_SECONDS, Dialect, Row
from archive.index.dialect.tsvector import tsquery, tsvector
from archive.index.schema import index_version, metadata
from archive.index.words import Alternatives

SCHEMA = "press_index"

_CREATE = (
    "CREATE TABLE fulltext (id integer PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX fulltext_words ON fulltext USING gin (words)",
)
_ADD = text("INSERT INTO fulltext(id, words) VALUES (:id, CAST(:words AS tsvector))")
_REMOVE = text("DELETE FROM fulltext WHERE id = :id")
# Of the labels D (accented), C (authors), B (text) and A (title).
_WEIGHTS: ColumnElement[Any] = literal_column("CAST('{0.1, 0.4, 0.2, 1.0}' AS real[])")
_BY_LENGTH = 1
_VECTOR: ColumnElement[Any] = literal_column("fulltext.words")
_QUERY = cast(bindparam("words"), TSQUERY)
_GENERATION = select(index_version.c.generation)

_PASSING = (
    "08",  # the connection broke
    "40",  # a deadlock, or transactions in one another's way
    "53300",  # too many connections: others end
    "57P",  # the server is stopped or started
    "23505",  # another process entered the same row first: now it is found
)
_REMEDIES = {
    "28": "correct the user and password in `database`",
    "3D": "create the database, or correct its name in `database`",
    "42501": "give the user the permission: `GRANT CREATE, CONNECT ON DATABASE ... TO ...`",
    "53100": "make room on the server's disk, then try again",
    "53300": "raise `max_connections` of the server, or run fewer processes",
    "55P03": "another process holds it: try again when that is done",
    "57": "try again when the server runs",
}
_REFUSALS = {
    # Of a role, before that of a database, which ends alike.
    'FATAL:  role "': "make that user by `CREATE ROLE ... LOGIN`, or correct it in `database`",
    "authentication failed": _REMEDIES["28"],
    "no password supplied": _REMEDIES["28"],
    "does not exist": _REMEDIES["3D"],
}
_CROWDED = ("too many", "connection slots are reserved")


class Postgresql(Dialect):
    """An index in the schema `schema` of the database that `url` names."""

    driver_error = psycopg.Error
    fulltext = table("fulltext", column("id"))
    matches = _VECTOR.op("@@", is_comparison=True)(_QUERY)
    rank = func.ts_rank(_WEIGHTS, _VECTOR, _QUERY, _BY_LENGTH, type_=Float)
    paper = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]  # its signature has no types

    def __init__(self, url: URL, schema: str = SCHEMA) -> None:
        self.url = url.set(drivername=DRIVER)
        self.schema = schema
        self.name = f"{self.url.render_as_string(hide_password=True)} ({schema})"
        self.software = "PostgreSQL"
        self.engine = postgresql_engine(
            self.url, schema, busy_seconds=BUSY_SECONDS, pool_size=8, max_overflow=-1
        )
        event.listen(self.engine, "connect", self._set_up)

    def _set_up(self, connection: Any, _record: object) -> None:
        # Rows of a site lie side by side: to read them by their key is hardly more than reading on.
        connection.execute("SET random_page_cost TO 1.1")
        connection.commit()
        version = connection.info.server_version
        self.software = f"PostgreSQL {version // 10000}.{version % 10000}"

    @property
    def key(self) -> int:
        """Number of the advisory lock that writers share."""
        return zlib.crc32(f"pressmark {self.schema}".encode())

    def exists(self) -> bool:
        with self.engine.begin() as connection:
            found = bool(self.tables(connection))
            if not found:
                # Said now, and not by the first capture.
                self._check_encoding(connection)
            return found

    def place(self) -> Hashable:
        return self.schema

    def enter(self, connection: Connection) -> Hashable:
        connection.execute(_share, {"key": self.key})
        return connection.execute(_GENERATION).scalar()

    def exclude(self, connection: Connection) -> None:
        """Until the transaction ends nobody else writes to the index, or makes it."""
        connection.execute(_exclude, {"key": self.key})

    def tables(self, connection: Connection) -> list[str]:
        return inspect(connection).get_table_names(schema=self.schema)

    def create(self, connection: Connection) -> None:
        self.create_schema(connection)
        metadata.create_all(connection)

    def create_schema(self, connection: Connection) -> None:
        """The schema and the full-text index."""
        self._check_encoding(connection)
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
        for statement in _CREATE:
            connection.exec_driver_sql(statement)

    def _check_encoding(self, connection: Connection) -> None:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise IndexUnavailable(
                f"the database {self.name} has the encoding {encoding}, which cannot hold every "
                "text: name another one in `database`, made by "
                "`CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0`"
            )

    def ask(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        pooled = self.engine.raw_connection()
        connection = cast_type("psycopg.Connection[Any]", pooled.dbapi_connection)
        try:
            # BEGIN and ROLLBACK would each be a journey to the server.
            connection.autocommit = True
            found = connection.execute(sql, values, binary=True).fetchall()
            connection.autocommit = False
        except BaseException:
            pooled.invalidate()
            raise
        pooled.close()
        return found

    def insert(self, target: Table) -> Insert:
        return insert(target)

    def add_text(self, connection: Connection, row: Row) -> None:
        connection.execute(_ADD, {"id": row["id"], "words": tsvector(row)})

    def remove_text(self, connection: Connection, row: Row) -> None:
        connection.execute(_REMOVE, {"id": row["id"]})

    def query(self, words: Sequence[Alternatives]) -> str:
        return tsquery(words)

    def passing(self, error: Exception) -> bool:
        state = _state(error)
        # Without a state it comes from the network.
        network = isinstance(error, OperationalError | psycopg.OperationalError)
        refused = any(sign in str(error) for sign in _REFUSALS)
        return state.startswith(_PASSING) if state else network and not refused

    def failure(self, error: Exception) -> IndexUnavailable:
        cause = getattr(error, "orig", None) or error
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        state = _state(error)
        remedy = next(
            (words for code, words in _REMEDIES.items() if state.startswith(code)),
            "see the server's log" if state else "see that the server runs and can be reached",
        )
        if not state:
            # A refusal to connect comes without a state.
            signs = {**_REFUSALS, **dict.fromkeys(_CROWDED, _REMEDIES["53300"])}
            known = (words for sign, words in signs.items() if sign in str(cause))
            remedy = next(known, remedy)
        return IndexUnavailable(f"the index {self.name} failed: {lines[0].strip()}; {remedy}")


_share = text("SELECT pg_advisory_xact_lock_shared(:key)")
_exclude = text("SELECT pg_advisory_xact_lock(:key)")


def _state(error: Exception) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
