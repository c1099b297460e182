"""What there is at a glance: the newest pages, and what each source has brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import nlargest
from itertools import islice

from sqlalchemy import and_, bindparam, func, select

from archive.index import rows
from archive.index.known import Ask
from archive.index.lookup import joined_captures, of_named
from archive.index.queries import SourceCounts
from archive.index.schema import captures, documents, segments
from archive.model import Capture
from archive.names import begun_of

_SEGMENTS = 20  # the newest captures lie in the segments that were begun last

_all_segments = select(segments.c.filename, segments.c.source)
_entered_last = select(segments.c.filename).order_by(segments.c.id.desc()).limit(_SEGMENTS)
_documents_by_source = select(documents.c.source, func.count().label("number")).group_by(
    documents.c.source
)
# Counted before they are joined: of the key by place alone, which is small.
_captures_by_segment = (
    select(captures.c.segment, func.count().label("number")).group_by(captures.c.segment).subquery()
)
_captures_by_source = (
    select(segments.c.source, func.sum(_captures_by_segment.c.number).label("number"))
    .join_from(_captures_by_segment, segments, segments.c.id == _captures_by_segment.c.segment)
    .group_by(segments.c.source)
)
_last_pages = (
    # By its documents, for most captures of a segment are pictures and the like.
    joined_captures.join(
        documents,
        and_(captures.c.segment == documents.c.segment, captures.c.offset == documents.c.offset),
    )
    .where(of_named(documents.c.segment))
    .order_by(documents.c.offset.desc())
    .limit(bindparam("most"))
)


def begun_last(ask: Ask) -> list[str]:
    """File names of the segments that were begun last; looks at the name of every one."""
    return nlargest(_SEGMENTS, (row.filename for row in ask(_all_segments, {})), key=begun_of)


def newest(ask: Ask, limit: int, segments: Sequence[str]) -> list[Capture]:
    """Pages with a document that were captured last, each URL once, newest first.

    `segments`: what `begun_last` told some time ago. Those that were begun since were entered last.
    """
    names = {*segments, *(row.filename for row in ask(_entered_last, {}))}
    found = [
        rows.joined_capture(row)
        for name in nlargest(_SEGMENTS, names, key=begun_of)
        for row in ask(_last_pages, {"name": name, "most": limit})
    ]
    found.sort(key=lambda capture: (capture.timestamp, capture.urlkey), reverse=True)
    once = {capture.urlkey: capture for capture in reversed(found)}
    return list(islice(sorted(once.values(), key=lambda c: c.timestamp, reverse=True), limit))


def sources(ask: Ask) -> list[SourceCounts]:
    """In the order of their names."""
    number: Counter[str] = Counter()
    last: dict[str, str] = {}
    for row in ask(_all_segments, {}):
        number[row.source] += 1
        last[row.source] = max(last.get(row.source, ""), begun_of(row.filename))
    held = {row.source: int(row.number) for row in ask(_captures_by_source, {})}
    texts = {row.source: row.number for row in ask(_documents_by_source, {})}
    return [
        SourceCounts(
            name=name,
            segments=number[name],
            newest=last[name],
            captures=held.get(name, 0),
            documents=texts.get(name, 0),
        )
        for name in sorted(number)
    ]
