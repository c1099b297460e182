"""Every row of an index as lines of text, in one order whatever the database: to compare two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from archive.cdxj import to_line
from archive.documents import to_json
from archive.index.index import Index


def export(index: Index) -> Iterator[str]:
    """Segments by name; behind each its captures and its current documents, by offset.

    Two indexes that hold the same give the same lines. One segment at a time is read: what is
    committed meanwhile may be in or not. Raises IndexFailure.
    """
    for segment in index.segments():
        yield f"segment {json.dumps(asdict(segment))}"
        for capture in index.captures_of(segment.filename):
            yield f"capture {to_line(capture)}"
        for document in index.documents.of_segment(segment.filename):
            yield f"document {json.dumps(to_json(document))}"
