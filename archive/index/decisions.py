"""Decisions to withhold, as rows: the objects of the store as they are, so that readers of the
database know of them at once. A row is never changed or removed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from archive.index.database import Database
from archive.index.dialect.base import Dialect
from archive.index.schema import decisions, index_version

Mark = tuple[int, int]
"""Which index it is, and how often decisions were added to it: another one where these changed."""

_mark = select(index_version.c.generation, index_version.c.decisions)
_every = select(decisions.c.id, decisions.c.content).order_by(decisions.c.id)
_touch = update(index_version).values(decisions=index_version.c.decisions + 1)


class Decisions:
    """Those that an index knows. Thread-safe; its methods raise as those of the index."""

    def __init__(self, database: Database, dialect: Dialect) -> None:
        self._database = database
        self._add = dialect.insert_new(decisions)

    def add(self, contents: Mapping[str, str]) -> None:
        """Enter the objects of decisions, as text, by id; what is there stays. Durable."""
        entered = [{"id": id_, "content": content} for id_, content in contents.items()]

        def enter(connection: Connection) -> None:
            connection.execute(self._add, entered)
            # By one, in the database: two writers at once count as two.
            connection.execute(_touch)

        if entered:
            self._database.write(enter)

    def all(self) -> dict[str, str]:
        """The objects of all decisions, as text, by id, in the order of ids."""
        return {row.id: row.content for row in self._database.rows(_every, {})}

    def mark(self) -> Mark:
        """Another one when there are other decisions than before. Asked with every request."""
        ((generation, number),) = self._database.tuples(_mark, {})
        return generation, number
