"""The databases that can hold the index; the URL says which."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from archive.errors import IndexUnavailable
from archive.index.dialect.base import Beside, Dialect, Moved
from archive.index.dialect.sqlite import Sqlite
from archive.index.dialect.sqlite_beside import SqliteBeside

__all__ = ["Beside", "Dialect", "Moved", "beside", "open_dialect"]

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_CAN = "give sqlite:////folder/index.db or postgresql://user@host/database"


def open_dialect(url: str) -> Dialect:
    """The database of a URL, not yet asked anything. Raises IndexUnavailable."""
    # What cannot be parsed may hold a password anywhere: it is repeated only without an "@".
    shown = "this" if "@" in url else repr(url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise IndexUnavailable(f"{shown} is not the URL of a database: {_CAN}") from error
    if parsed.drivername == "sqlite" and parsed.database and ":" not in parsed.database[:5]:
        return Sqlite(parsed.database)
    if parsed.drivername in _POSTGRESQL and parsed.database:
        # The driver takes longer to import than all the rest of the index: most never need it.
        from archive.index.dialect.postgresql import Postgresql

        return Postgresql(parsed)
    raise IndexUnavailable(f"{parsed.render_as_string()} cannot hold the index: {_CAN}")


def beside(live: Dialect) -> Beside:
    """The place of a new index that is to replace `live`."""
    if isinstance(live, Sqlite):
        return SqliteBeside(live)
    from archive.index.dialect.postgresql import Postgresql
    from archive.index.dialect.postgresql_beside import PostgresqlBeside

    assert isinstance(live, Postgresql)
    return PostgresqlBeside(live)
