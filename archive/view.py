"""What of a collection is shown: everything that reads for others asks here."""

from __future__ import annotations

from collections.abc import Iterator

from archive.collection import Collection
from archive.errors import NotArchived
from archive.index import CaptureQuery, Neighbours, SearchHit, SearchQuery
from archive.memento import Memento
from archive.model import Capture, Document
from archive.restrictions.model import Restriction


class View:
    """Thread-safe. Methods raise as those of `Collection` and `Index` do.

    Those that answer with one capture raise Withheld where there are captures, and none of them may
    be shown; those that answer with several leave out what may not.
    """

    def __init__(self, collection: Collection, *, everything: bool = False) -> None:
        """`everything`: nothing is withheld: for administrators."""
        self._collection = collection
        self._index = collection.index
        self._everything = everything

    def settled(self) -> View:
        """The same by the decisions in force now: for the questions of one request, which then are
        looked up once."""
        return self

    def everything(self) -> View:
        """The same with nothing withheld: for administrators."""
        return View(self._collection, everything=True)

    def withholding(self, capture: Capture) -> tuple[Restriction, ...]:
        """The decisions in force that withhold a capture, also where this view shows everything."""
        del capture
        return ()

    def withholds_any(self, filename: str) -> bool:
        """Whether a capture in a WARC, which then may not be given out whole, is withheld."""
        del filename
        return False

    def find(self, url: str, *, at: str | None = None, any_status: bool = False) -> Capture:
        """See `Index.find`: of those that may be shown. Raises Withheld."""
        return self._index.find(url, at=at, any_status=any_status)

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """See `Index.captures`: those that may be shown."""
        return self._index.captures(query)

    def count(self, query: CaptureQuery) -> int:
        """How many captures of a query may be shown, `limit` aside."""
        return self._index.count(query)

    def neighbours(self, url: str, timestamp: str) -> Neighbours:
        """See `Index.neighbours`: those that may be shown. Raises Withheld."""
        return self._index.neighbours(url, timestamp)

    def span(self, url: str) -> tuple[str, str]:
        """Times of the first and the last capture of a URL. Raises NotArchived, Withheld."""
        ends = self.neighbours(url, "0" * 14)
        if ends.first is None or ends.last is None:
            raise NotArchived(url)
        return ends.first, ends.last

    def is_stored(self, capture: Capture) -> bool:
        """Whether its objects are written and verified; else it is in a spool yet."""
        return self._index.segment(capture.filename).state == "stored"

    def open(self, capture: Capture) -> Memento:
        """See `Collection.open`. Raises Withheld, also for a revisit of what is withheld."""
        return self._collection.open(capture)

    def follow(self, memento: Memento) -> Memento:
        """See `Collection.follow`: a redirect to what is withheld is itself the answer."""
        return self._collection.follow(memento)

    def document(self, capture: Capture) -> Document | None:
        """See `Collection.document`. Raises Withheld."""
        return self._collection.document(capture)

    def search(self, query: SearchQuery) -> list[SearchHit]:
        """See `Index.search`: a page whose best version is withheld is found by another one."""
        return self._index.search(query)
