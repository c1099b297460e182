"""What of a collection is shown: everything that reads for others asks here."""

from __future__ import annotations

from collections.abc import Iterator

from archive.collection import Collection
from archive.errors import NotArchived
from archive.index import CaptureQuery, Neighbours, SearchHit, SearchQuery
from archive.memento import Memento
from archive.model import Capture, Document


class View:
    """Thread-safe. Methods raise as those of `Collection` and `Index` do."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._index = collection.index

    def find(self, url: str, *, at: str | None = None, any_status: bool = False) -> Capture:
        """See `Index.find`."""
        return self._index.find(url, at=at, any_status=any_status)

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """See `Index.captures`."""
        return self._index.captures(query)

    def neighbours(self, url: str, timestamp: str) -> Neighbours:
        """See `Index.neighbours`."""
        return self._index.neighbours(url, timestamp)

    def span(self, url: str) -> tuple[str, str]:
        """Times of the first and the last capture of a URL. Raises NotArchived."""
        ends = self.neighbours(url, "0" * 14)
        if ends.first is None or ends.last is None:
            raise NotArchived(url)
        return ends.first, ends.last

    def open(self, capture: Capture) -> Memento:
        """See `Collection.open`."""
        return self._collection.open(capture)

    def document(self, capture: Capture) -> Document | None:
        """See `Collection.document`."""
        return self._collection.document(capture)

    def search(self, query: SearchQuery) -> list[SearchHit]:
        """See `Index.search`."""
        return self._index.search(query)
