"""Documents that an index holds: of a capture, of a segment, by words; and those that it lacks."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import bindparam, func, select

from archive.index import fulltext, rows, unextracted
from archive.index.database import Database
from archive.index.dialect.base import Dialect
from archive.index.lookup import of_named
from archive.index.queries import Matching, SearchHit, SearchQuery
from archive.index.schema import contents, documents, segments
from archive.index.stepping import HiddenVersion
from archive.model import Capture, Document, Segment
from archive.urlkey import urlkey

_of_named = (
    select(documents.c.offset, contents.c.content)
    .join_from(documents, contents, contents.c.id == documents.c.id)
    .where(of_named(documents.c.segment))
)
_at = _of_named.where(documents.c.offset == bindparam("at"))
_of_segment = (
    _of_named.where(documents.c.offset > bindparam("after"))
    .order_by(documents.c.segment, documents.c.offset)
    .limit(100)
)
_newest_naming = (
    select(func.max(documents.c.id).label("id"))
    .where(documents.c.canonical == bindparam("key"))
    .group_by(documents.c.urlkey)
    .order_by(func.max(documents.c.id).desc())
    .limit(20)
    .subquery()
)
_naming = select(contents.c.content).join_from(
    _newest_naming, contents, contents.c.id == _newest_naming.c.id
)
_runs = (
    select(segments.c.filename, documents.c.run)
    .join_from(documents, segments, documents.c.segment == segments.c.id)
    .distinct()
)


class Documents:
    """Those that an index knows. Thread-safe; its methods raise as those of the index."""

    def __init__(self, database: Database, dialect: Dialect) -> None:
        self._database = database
        self._dialect = dialect

    def of(self, capture: Capture) -> Document | None:
        """The document of a capture, of its greatest run; a revisit has none of its own."""
        found = self._database.rows(_at, {"name": capture.filename, "at": capture.offset})
        return rows.document_of(found[0].content) if found else None

    def of_segment(self, filename: str) -> Iterator[Document]:
        """Current documents of a segment in the order of offsets; none for an unknown one."""
        place: dict[str, str | int] = {"name": filename, "after": -1}
        while batch := self._database.rows(_of_segment, place):
            for row in batch:
                yield rows.document_of(row.content)
            place["after"] = batch[-1].offset

    def named_by(self, url: str) -> list[str]:
        """URLs of other pages that name this one as their canonical URL, sorted: the newest 20."""
        found = self._database.rows(_naming, {"key": urlkey(url)})
        return sorted(rows.document_of(row.content).url for row in found)

    def runs(self) -> list[tuple[str, str]]:
        """File name of the segment and run, of all current documents, each pair once."""
        found = self._database.read(lambda c: c.execute(_runs).all())
        return [(filename, run) for filename, run in found]

    def search(self, query: SearchQuery, hidden: HiddenVersion | None = None) -> list[SearchHit]:
        """Pages whose text, title or authors contain all the words, best first.

        Versions of a page that are `hidden` count for nothing.
        """
        return self._database.read(lambda c: fulltext.search(c, self._dialect, query, hidden))

    def matches(self, query: SearchQuery, most: int) -> list[Matching]:
        """The best `most` documents of a search, to be counted: versions of a page each for itself,
        in the order of its hits; limit and offset of the query aside."""
        return self._database.read(lambda c: fulltext.matches(c, self._dialect, query, most))

    # Those that are missing

    def unextracted(self, filename: str) -> Iterator[Capture]:
        """Pages of a segment that have no document, in the order of offsets.

        A page is a whole 2xx answer in HTML that is neither a requisite nor a list.
        """
        return unextracted.walk(self._database.rows, filename)

    def unextracted_segments(self) -> list[Segment]:
        """Segments, in the order of their names, of which it is not known that all have theirs."""
        return list(map(rows.segment_of, self._database.rows(unextracted.segments_in_doubt, {})))

    def mark_extracted(self, filename: str) -> None:
        """No page of the segment lacks its document, or ever will; nothing for an unknown one."""
        self._database.write(lambda c: c.execute(unextracted.settle, {"name": filename}))
