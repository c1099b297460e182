"""What the index and the state alike need to know of their databases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

DRIVER = "postgresql+psycopg"
_SETTINGS = {
    "connect_timeout": "10",
    "application_name": "pressmark",
    "client_encoding": "utf8",
    # A server that vanished without a word is given up after a minute.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}


def sqlite_code(error: BaseException) -> str:
    """Name of SQLite's primary result code, "SQLITE_BUSY" for one; "" for what is no error of it.

    Python tells the extended one, such as SQLITE_BUSY_RECOVERY.
    """
    return "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])


def read_only_uri(path: Path) -> str | None:
    """The URI by which SQLite reads a database on a read-only file system; None: it lies on none.

    In WAL mode SQLite wants to write beside the file, unless the URI says that nothing changes it.
    That may not be said where there is a log, which then is not read: a live one, of a writer under
    another mount of the same disk or of one that was killed, can be read by its `-shm`; without
    that the database cannot be opened. See `has_unread_log`.
    """
    if not _is_read_only(path):
        return None
    there = [beside.exists() for beside in _beside(path)]
    immutable = "" if all(there) or has_unread_log(path) else "&immutable=1"
    return f"{path.resolve().as_uri()}?mode=ro{immutable}"


def has_unread_log(path: Path) -> bool:
    """Whether it lies on a read-only file system with a log that cannot be read there."""
    log, shared = _beside(path)
    left = log.exists() and log.stat().st_size > 0 and not shared.exists()
    return left and _is_read_only(path)


def _beside(path: Path) -> tuple[Path, Path]:
    """The write-ahead log and its index; SQLite names them after what a link leads to."""
    real = path.resolve()
    return real.with_name(f"{real.name}-wal"), real.with_name(f"{real.name}-shm")


def _is_read_only(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False  # it is not there


def postgresql_engine(url: URL, schema: str, *, busy_seconds: float, **options: Any) -> Engine:
    """Of one schema: commits are durable, and locks are waited for `busy_seconds`.

    What `url` asks for itself goes before our settings. `options`: those of create_engine.
    """
    engine = create_engine(
        url.set(drivername=DRIVER, query={**_SETTINGS, **url.query}),
        pool_pre_ping=True,
        **options,
    )

    def set_up(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SET search_path TO {schema}; SET synchronous_commit TO on;"
                f"SET lock_timeout TO '{busy_seconds}s'"
            )
        connection.commit()

    # Before SQLAlchemy looks for the schema that tables without one are in.
    event.listen(engine, "connect", set_up, insert=True)
    return engine
