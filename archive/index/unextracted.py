"""Pages whose documents are missing: lost with a process, or never made.

A segment that is sealed and lacks none is marked, so that only the latest ones are ever looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from archive.index import rows
from archive.index.known import Ask
from archive.index.lookup import SUCCESS, joined_captures, of_named
from archive.index.schema import captures, documents, segments
from archive.model import Capture

_BATCH = 1000
_XHTML = "application/xhtml+xml"

_lacks_document = and_(
    captures.c.kind.is_(None),
    or_(captures.c.mime.is_(None), captures.c.mime == _XHTML),  # NULL: text/html
    captures.c.status.between(*SUCCESS),
    captures.c.truncated.is_(None),
    ~exists().where(
        documents.c.segment == captures.c.segment, documents.c.offset == captures.c.offset
    ),
)

segments_in_doubt = select(segments).where(segments.c.texts == 0).order_by(segments.c.filename)

number = (
    select(func.count())
    .select_from(captures)
    .where(
        captures.c.segment.in_(select(segments.c.id).where(segments.c.texts == 0)), _lacks_document
    )
)

settle = update(segments).where(segments.c.filename == bindparam("name")).values(texts=1)

_of_segment = (
    joined_captures.where(
        of_named(captures.c.segment),
        captures.c.offset > bindparam("after"),
        _lacks_document,
    )
    .order_by(captures.c.segment, captures.c.offset)
    .limit(_BATCH)
)


def walk(ask: Ask, filename: str) -> Iterator[Capture]:
    """Captures of a segment that lack their document, by offset; each batch is read at once."""
    after = -1
    while found := ask(_of_segment, {"name": filename, "after": after}):
        yield from map(rows.joined_capture, found)
        after = found[-1].offset
