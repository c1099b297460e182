"""How a source has fared of late: its newest captures, whatever came of them."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from archive.index import rows
from archive.index.known import Ask
from archive.index.lookup import joined_captures, of_named
from archive.index.schema import captures, segments
from archive.model import Capture

_READ = 300
"""Captures of a segment that are looked at: pages are few among what they need."""

_SEGMENTS = 5

_of_source = select(segments.c.filename).where(segments.c.source == bindparam("source"))
_last = (
    joined_captures.where(of_named(captures.c.segment))
    .order_by(captures.c.offset.desc())
    .limit(_READ)
)


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
