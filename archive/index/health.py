"""How a source has fared of late: its newest captures, whatever came of them."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from archive.index import rows
from archive.index.known import Ask
from archive.index.schema import captures, segments
from archive.model import Capture

_READ = 300
"""Captures of a segment that are looked at: pages are few among what they need."""

_SEGMENTS = 5

_of_source = select(segments.c.filename).where(segments.c.source == bindparam("source"))
_last = (
    select(*captures.c, segments.c.filename, segments.c.source.label("segment_source"))
    .join_from(captures, segments, captures.c.segment == segments.c.id)
    .where(
        captures.c.segment
        == select(segments.c.id).where(segments.c.filename == bindparam("name")).scalar_subquery()
    )
    .order_by(captures.c.offset.desc())
    .limit(_READ)
)
# Counted before they are joined: of the key by place alone, which is small.
_by_segment = (
    select(captures.c.segment, func.count().label("number")).group_by(captures.c.segment).subquery()
)
_by_source = (
    select(segments.c.source, func.sum(_by_segment.c.number).label("number"))
    .join_from(_by_segment, segments, segments.c.id == _by_segment.c.segment)
    .group_by(segments.c.source)
)


def captures_by_source(ask: Ask) -> dict[str, int]:
    """How many captures lie in the segments of each source."""
    return {row.source: int(row.number) for row in ask(_by_source, {})}


def recent(ask: Ask, source: str, most: int) -> list[Capture]:
    """Pages and lists of a source, newest first: `most` at the most, of its last captures."""
    names = [row.filename for row in ask(_of_source, {"source": source})]
    # Names of one source sort by the time at which they were begun.
    names.sort(reverse=True)
    found: list[Capture] = []
    for name in names[:_SEGMENTS]:
        some = map(rows.joined_capture, ask(_last, {"name": name}))
        found += [capture for capture in some if capture.kind != "requisite"]
        if len(found) >= most:
            break
    found.sort(key=lambda capture: (capture.timestamp, capture.offset), reverse=True)
    return found[:most]
