"""Asking in tests, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from archive.collection import Collection
from archive.index import Index
from archive.index.blocks import Blocks
from archive.model import Capture, Segment
from archive.store.memory import MemoryStore
from archive.view import View
from archive.web.cdx.dialects import PYWB, WAYBACK, Dialect
from archive.web.cdx.handlers import pieces
from archive.web.cdx.parameters import read_request

__all__ = ["PYWB", "WAYBACK", "Parameters", "ask", "view_of"]

Parameters = list[tuple[str, str]]


@contextmanager
def view_of(folder: Path, captures: list[Capture], block: int = 4) -> Iterator[View]:
    """A view of captures that are in the index alone, in blocks of so many."""
    index = Index(f"sqlite:///{folder}/index.db")
    collection = Collection(MemoryStore(), index)
    try:
        for name in {capture.filename for capture in captures}:
            index.add_segment(Segment(filename=name, source="example", state="stored"))
        index.commit(captures)
        index._blocks = Blocks(index._database.rows, size=block)
        yield View(collection)
    finally:
        collection.close()


def ask(view: View, dialect: Dialect, parameters: Parameters, **more: str) -> str:
    """The body of the answer. Raises ArchiveError."""
    query = urlencode([*parameters, *more.items()], errors="replace")
    request = read_request(query.encode(), dialect)
    return b"".join(pieces(view, request, "http://here")).decode()
