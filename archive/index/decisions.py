"""Decisions to withhold, as rows: the objects of the store as they are, so that readers of the
database know of them at once. A row is never changed or removed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, func, select, update

from archive.index.dialect.base import Dialect
from archive.index.schema import captures, decisions, index_version

Mark = tuple[int, int]
"""Which index it is, and how often decisions were added to it: another one where these changed."""

mark = select(index_version.c.generation, index_version.c.decisions)
every = select(decisions.c.id, decisions.c.content).order_by(decisions.c.id)
_touch = update(index_version).values(decisions=index_version.c.decisions + 1)
with_digest = (
    select(func.count()).select_from(captures).where(captures.c.digest == bindparam("digest"))
)


def add(connection: Connection, dialect: Dialect, contents: Mapping[str, str]) -> None:
    """Enter objects, as text, by the ids of their decisions."""
    entered = [{"id": id_, "content": content} for id_, content in contents.items()]
    connection.execute(dialect.insert_new(decisions), entered)
    # By one, in the database: two writers at once count as two.
    connection.execute(_touch)
