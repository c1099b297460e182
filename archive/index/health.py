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

_SEGMENTS = 200
"""Segments that are looked at: each save makes one of its own."""

_ALL = 5000
"""Captures that are looked at in all of them."""

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
    read = 0
    for name in names[:_SEGMENTS]:
        some = list(map(rows.joined_capture, ask(_last, {"name": name})))
        found += [capture for capture in some if capture.kind != "requisite"]
        read += len(some)
        if len(found) >= most or read >= _ALL:
            break
    found.sort(key=lambda capture: (capture.timestamp, capture.offset), reverse=True)
    return found[:most]
