"""Taking rows out: of records that an index knows and the file that should hold them does not."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, delete, select

from archive.index import fulltext
from archive.index.dialect.base import Dialect
from archive.index.schema import captures, documents

_offsets = select(captures.c.offset).where(captures.c.segment == bindparam("of_segment"))
_with_document = select(documents.c.offset).where(documents.c.segment == bindparam("of_segment"))
_delete = delete(captures).where(
    captures.c.segment == bindparam("of_segment"), captures.c.offset == bindparam("of_offset")
)


def keep_only(
    connection: Connection, dialect: Dialect, segment: int, offsets: Collection[int]
) -> int:
    """Take out the captures and documents of a segment that are at none of the offsets.

    How many captures these were.
    """
    place = {"of_segment": segment}
    known = connection.execute(_offsets, place).scalars()
    gone = [{**place, "of_offset": offset} for offset in known if offset not in offsets]
    if gone:
        connection.execute(_delete, gone)
    for offset in connection.execute(_with_document, place).scalars().all():
        if offset not in offsets:
            fulltext.remove(connection, dialect, segment, offset)
    return len(gone)
