"""Which capture a request is about."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from archive.errors import NotArchived
from archive.index import CaptureQuery
from archive.model import Capture
from archive.view import View

RecordId = Annotated[
    str | None,
    Query(
        max_length=200,
        description="WARC-Record-ID of one of several captures at exactly that time.",
        examples=["<urn:uuid:7f3f3c5e-6a3c-4ac3-9e9b-0d6f3a6f1c11>"],
    ),
]


def chosen(view: View, url: str, at: str | None, record_id: str | None) -> Capture:
    """The capture that answers best (see `Index.find`), or the one of that record.

    `at` has 14 digits. Raises NotArchived.
    """
    capture = view.find(url, at=at)
    if record_id is None or capture.record_id == record_id:
        return capture
    there = CaptureQuery(url=url, start=capture.timestamp, end=capture.timestamp)
    for other in view.captures(there):
        if other.record_id == record_id:
            return other
    raise NotArchived(url, f"no record {record_id} of {capture.timestamp}")
