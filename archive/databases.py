"""What the index and the state alike need to know of their databases."""

from __future__ import annotations

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
