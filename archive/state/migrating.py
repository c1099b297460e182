"""Bringing a state database to a revision, in the transaction of the caller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, Table, inspect, text

from archive.errors import StateFailure
from archive.state.schema import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "alembic_version"

_MIGRATIONS = Path(__file__).with_name("migrations")


def revision_of(connection: Connection) -> str | None:
    """The revision that the database has; None: it has no tables of the state yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a name of our own


def known_revisions() -> list[str]:
    """Every revision that this Pressmark can bring forward, the oldest first."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def upgrade(connection: Connection, name: str, revision: str = HEAD) -> None:
    """Run the migrations up to `revision`. Raises StateFailure when the database is ahead of us.

    `name` is the database's, for the message.
    """
    # Importing Alembic takes as long as a lookup; a database that is up to date does without.
    from alembic import command

    found = revision_of(connection)
    if found is not None and found not in known_revisions():
        raise StateFailure(
            f"the state {name} has revision {found}, this Pressmark knows them up to {HEAD}: "
            "use the Pressmark that wrote it, or a newer one"
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def tables_of(connection: Connection) -> dict[str, Table]:
    """The tables that the migrations have made in this database, as they are, by name."""
    found = MetaData()
    found.reflect(connection)
    return {table.name: table for table in found.sorted_tables if table.name != VERSION_TABLE}


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
