"""Text objects: whole, true to their own digests, and in the index where none is later."""

from __future__ import annotations

from archive.contents import documents_in
from archive.errors import RecordError
from archive.index import Index
from archive.verify.fetching import Fetch
from archive.verify.report import Report

Rows = dict[int, tuple[str, int]]
"""Run and hash of the document that the index has for the capture at an offset."""


def rows_of(index: Index, segment: str) -> Rows:
    """Documents of a segment in the index. Raises IndexFailure."""
    return {row.offset: (row.run, hash(row)) for row in index.documents.of_segment(segment)}


class TextAudit:
    """One text object."""

    def __init__(self, report: Report, name: str) -> None:
        self._report = report
        self._name = name
        self._found: Rows = {}

    def read(self, fetch: Fetch) -> None:
        """Read the object to its end. Raises StoreError."""
        try:
            for document, whole in documents_in(fetch.read, self._name):
                if not whole:
                    self._report.add(
                        "bad",
                        self._place(document.offset),
                        "its text is not that of its text digest",
                    )
                self._found[document.offset] = document.run, hash(document)
        except RecordError as error:
            self._report.add("bad", self._name, str(error))

    def compare(self, rows: Rows) -> None:
        """Compare with what the index has of the segment."""
        for offset, (run, found) in sorted(self._found.items()):
            of_run, row = rows.get(offset, ("", 0))
            if of_run < run:
                self._report.add(
                    "unindexed", self._place(offset), "the index does not have this document"
                )
            elif of_run == run and row != found:
                self._report.add("bad", self._place(offset), "the index has another text")
        runs = {run for run, _ in self._found.values()}
        for offset, (run, _) in sorted(rows.items()):
            if run in runs and offset not in self._found:
                self._report.add(
                    "missing", self._place(offset), "the index alone has this document"
                )

    def _place(self, offset: int) -> str:
        return f"{self._name} at {offset}"
