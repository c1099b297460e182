"""A new schema beside the live one, and how it takes its place: both are renamed at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from archive.errors import IndexUnavailable
from archive.index.dialect.base import Row
from archive.index.dialect.postgresql import Postgresql
from archive.index.schema import captures, captures_place, metadata

_COLUMNS = [column.name for column in captures.c]
_COPY = "COPY captures ({}) FROM STDIN".format(", ".join(f'"{name}"' for name in _COLUMNS))
_KEY = ", ".join(f'"{column.name}"' for column in captures.primary_key)
_TRY_LOCK = text("SELECT pg_try_advisory_lock(:key)")
# Of two captures at one place of a file the one that came last.
_THIN_OUT = text(
    "DELETE FROM captures a USING captures b"
    ' WHERE a.segment = b.segment AND a."offset" = b."offset" AND a.ctid < b.ctid'
)
_TRIES, _PAUSE = 20, 0.05  # seconds between
_TABLES = ", ".join([*metadata.tables, Postgresql.fulltext.name])
_TIDY = f"VACUUM (ANALYZE) {_TABLES}"
_SOON = "SET LOCAL lock_timeout TO '1s'"
_SORTING = "SET LOCAL maintenance_work_mem TO '256MB'"


class PostgresqlBeside:
    """See archive.index.dialect.base.Beside."""

    dialect: Postgresql

    def __init__(self, live: Postgresql) -> None:
        self._live = live
        self._new = f"{live.schema}_new"
        self._old = f"{live.schema}_old"
        self._session: Connection | None = None
        self.dialect = Postgresql(live.url, self._new)

    def open(self) -> None:
        with self._telling():
            self._session = self._live.engine.connect()
            # The lock of its own, not that of writers: it lasts as long as the session, which on
            # the server ends a moment later than here.
            if not any(self._lock(self._session) for _ in range(_TRIES)):
                raise IndexUnavailable(
                    f"another process is making {self._live.name} anew: wait until it is done"
                )
            self._session.commit()
            self._drop(self._session, self._old)

    def _lock(self, session: Connection) -> bool:
        if session.execute(_TRY_LOCK, {"key": self.dialect.key + 1}).scalar():
            return True
        time.sleep(_PAUSE)
        return False

    def discard(self) -> None:
        self.dialect.close()
        with self._telling():
            self._drop(self._own(), self._new)

    def create(self, connection: Connection) -> None:
        self.dialect.create(connection)
        connection.exec_driver_sql("ALTER TABLE captures DROP CONSTRAINT captures_pkey")
        captures_place.drop(connection)

    def stage(self, rows: Sequence[Row]) -> None:
        with self._telling(), self.dialect.engine.begin() as connection:
            driver = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
            with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
                for row in rows:
                    copy.write_row([row[name] for name in _COLUMNS])

    def finish(self) -> None:
        with self._telling():
            with self.dialect.engine.begin() as connection:
                key = inspect(connection).get_pk_constraint(captures.name, schema=self._new)
                if key["constrained_columns"]:
                    return
                connection.exec_driver_sql(_SORTING)
                try:
                    with connection.begin_nested():
                        self._make_keys(connection)
                except IntegrityError:
                    connection.execute(_THIN_OUT)
                    self._make_keys(connection)
            with self.dialect.engine.connect() as connection:
                # Not left to the server, which would do it while the index is being read.
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql(_TIDY)

    def _make_keys(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"ALTER TABLE captures ADD PRIMARY KEY ({_KEY})")
        # Rows of a site lie side by side then: reading a thousand of them is reading few pages.
        connection.exec_driver_sql("CLUSTER captures USING captures_pkey")
        captures_place.create(connection)

    @contextmanager
    def hold_writers(self) -> Iterator[None]:
        session = self._own()
        with self._telling():
            transaction = session.begin()
            self._live.exclude(session)
        try:
            yield
        except BaseException:
            transaction.rollback()
            raise
        with self._telling():
            transaction.commit()
            # Someone may be reading it still: then the next replacement drops it.
            with suppress(SQLAlchemyError):
                session.exec_driver_sql(_SOON)
                self._drop(session, self._old)

    def take_place(self) -> None:
        self.dialect.close()
        session = self._own()
        with self._telling():
            if self._live.schema in inspect(session).get_schema_names():
                session.exec_driver_sql(f"ALTER SCHEMA {self._live.schema} RENAME TO {self._old}")
            session.exec_driver_sql(f"ALTER SCHEMA {self._new} RENAME TO {self._live.schema}")

    def close(self) -> None:
        self.dialect.close()
        if self._session is not None:
            # The lock must end with it, not live on in a pool.
            self._session.invalidate()
            self._session.close()
            self._session = None

    def _own(self) -> Connection:
        assert self._session is not None
        return self._session

    def _drop(self, session: Connection, schema: str) -> None:
        session.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        session.commit()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Errors in our own words."""
        try:
            yield
        except (SQLAlchemyError, self._live.driver_error) as error:
            raise self._live.failure(error) from error
