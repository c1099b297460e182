"""The index: which captures there are, where they are kept, and what their text says."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import IndexOutdated, IndexUnavailable, NotArchived, SegmentUnknown
from archive.index import dialect, fulltext, lookup, rows
from archive.index.queries import CaptureQuery, Counts, SearchHit, SearchQuery
from archive.index.schema import VERSION, captures, documents, index_version, metadata, segments
from archive.model import Capture, Document, Segment, SegmentState
from archive.urlkey import urlkey

_add_captures = dialect.upsert(captures, ("segment", "offset"))
# A segment that is stored does not come back to the spool.
_add_segment = dialect.upsert(segments, ("filename",), where=segments.c.state == "spooled")
_segment_named = select(segments).where(segments.c.filename == bindparam("name"))
_mark_stored = (
    update(segments)
    .where(segments.c.filename == bindparam("name"))
    .values(state="stored", node=None, path=None)
)
_document_at = (
    select(documents.c.content)
    .join(segments, segments.c.id == documents.c.segment)
    .where(segments.c.filename == bindparam("name"), documents.c.offset == bindparam("at"))
)
_documents_of = (
    select(documents.c.offset, documents.c.content)
    .where(documents.c.segment == bindparam("of_segment"), documents.c.offset > bindparam("after"))
    .order_by(documents.c.offset)
    .limit(100)
)


class Index:
    """A database of captures and documents. Thread-safe; processes may share it.

    Every method raises IndexUnavailable when the database is locked, damaged, full or cannot be
    written, and methods that take a URL raise UrlError.
    """

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy has it, e.g. sqlite:////var/lib/pressmark/index.db; made when new.

        Raises IndexUnavailable; IndexOutdated when another version of the schema is in it.
        """
        parsed = dialect.parse_url(url)
        self._name = str(parsed.database)
        self._engine = dialect.open_engine(parsed)
        self._writer = self._engine.execution_options(**{dialect.WRITE: True})
        self._writing_lock = threading.Lock()
        self._segments: dict[str, tuple[int, str]] = {}  # filename -> id and source; these stay
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        with self._read() as connection:
            found = dialect.table_names(connection)
        if not found:
            with self._write() as connection:
                # Another process may have been quicker.
                if not dialect.table_names(connection):
                    metadata.create_all(connection)
                    dialect.create_fulltext(connection)
                    connection.execute(index_version.insert(), {"version": VERSION})
        with self._read() as connection:
            if found and index_version.name not in found:
                raise IndexUnavailable(
                    f"{self._name} is a database of something else: correct `database` or `home`"
                )
            version = connection.execute(select(func.max(index_version.c.version))).scalar()
        if version != VERSION:
            raise IndexOutdated(
                f"the index {self._name} has version {version}, this Pressmark needs {VERSION}: "
                "run `pressmark rebuild-index`; nothing in storage is touched by that"
            )

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise dialect.failure(error, self._name) from error

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """One transaction, durable when it is over. One thread at a time, so that none starves."""
        try:
            with self._writing_lock, self._writer.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise dialect.failure(error, self._name) from error

    def _fetch(self, statement: Select[Any]) -> Sequence[RowMapping]:
        with self._read() as connection:
            return connection.execute(statement).mappings().all()

    # Segments

    def add_segment(self, segment: Segment) -> None:
        """Enter a segment, or where it lies now. One that is stored stays so. Durable."""
        row = {
            "filename": segment.filename,
            "source": segment.source,
            "state": segment.state,
            "node": segment.node,
            "path": segment.path,
        }
        with self._write() as connection:
            connection.execute(_add_segment, row)

    def mark_stored(self, filename: str) -> None:
        """The segment's objects are written and verified. Durable. Raises SegmentUnknown."""
        with self._write() as connection:
            if not connection.execute(_mark_stored, {"name": filename}).rowcount:
                raise SegmentUnknown(filename)

    def segment(self, filename: str) -> Segment:
        """Raises SegmentUnknown."""
        with self._read() as connection:
            row = connection.execute(_segment_named, {"name": filename}).mappings().one_or_none()
        if row is None:
            raise SegmentUnknown(filename)
        return _segment_of(row)

    def segments(self, state: SegmentState | None = None) -> list[Segment]:
        """Segments in the order of their names; of one state, or all."""
        statement = select(segments).order_by(segments.c.filename)
        if state is not None:
            statement = statement.where(segments.c.state == state)
        return [_segment_of(row) for row in self._fetch(statement)]

    def _place(self, connection: Connection, filename: str) -> tuple[int, str]:
        """Id and source of a segment. Raises SegmentUnknown."""
        if filename not in self._segments:
            row = connection.execute(_segment_named, {"name": filename}).one_or_none()
            if row is None:
                raise SegmentUnknown(filename)
            self._segments[filename] = row.id, row.source
        return self._segments[filename]

    # Writing

    def commit(self, captures: Sequence[Capture], documents: Sequence[Document] = ()) -> None:
        """Enter captures and documents in one transaction, which is durable when this returns.

        What is there already is replaced by the same; of several documents of a capture that of the
        greatest run stays. Their segments have been added before. Raises SegmentUnknown, and then
        nothing is entered.
        """
        prepared = [fulltext.prepare(document) for document in documents]
        with self._write() as connection:
            new = [
                rows.capture_row(capture, *self._place(connection, capture.filename))
                for capture in captures
            ]
            if new:
                connection.execute(_add_captures, new)
            for item in prepared:
                segment, _ = self._place(connection, item.document.filename)
                fulltext.put(connection, item, segment)

    # Captures

    def find(self, url: str, *, at: str | None = None, any_status: bool = False) -> Capture:
        """The capture of a URL that answers best. `at` has 14 digits. Raises NotArchived.

        Without `at` the newest 2xx, else the newest; with it one at exactly that time, else the
        nearest 2xx or 3xx (of two as near the earlier), else the nearest. `any_status` looks at the
        time alone. Of those at the same time a 2xx comes first, then the greatest (filename,
        offset).
        """
        key = urlkey(url)
        with self._read() as connection:
            capture = lookup.choose(connection, key, at, any_status)
        if capture is None:
            raise NotArchived(url)
        return capture

    def find_digest(self, url: str, digest: str) -> Capture:
        """The oldest capture of a URL that holds a payload of that digest itself, not a revisit.

        Raises NotArchived.
        """
        for capture in self.captures(CaptureQuery(url=url)):
            if capture.digest == digest and capture.mime != "warc/revisit":
                return capture
        raise NotArchived(url, f"no payload with the digest {digest}")

    def captured_since(self, url: str, timestamp: str) -> bool:
        """Whether exactly this URL has a 2xx capture at or after a time of 14 digits."""
        key = urlkey(url)
        with self._read() as connection:
            found = lookup.since(connection, key, timestamp, lookup.SUCCESS)
        return any(capture.url == url for capture in found)

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """Captures in the order of CDXJ lines: (urlkey, timestamp), then (filename, offset)."""
        return islice(lookup.walk(self._fetch, query), query.limit)

    def count(self, query: CaptureQuery) -> int:
        """How many captures a query is about, `limit` aside."""
        with self._read() as connection:
            return lookup.count(connection, query)

    def captures_of(self, filename: str) -> Iterator[Capture]:
        """Captures of a segment in the order of their offsets; none for an unknown one."""
        try:
            with self._read() as connection:
                segment, _ = self._place(connection, filename)
        except SegmentUnknown:
            return iter(())
        return lookup.walk_segment(self._fetch, segment)

    # Documents

    def document(self, capture: Capture) -> Document | None:
        """The document of a capture, of its greatest run; a revisit has none of its own."""
        place = {"name": capture.filename, "at": capture.offset}
        with self._read() as connection:
            content = connection.execute(_document_at, place).scalar()
        return None if content is None else rows.document_of(content)

    def documents(self, filename: str) -> Iterator[Document]:
        """Current documents of a segment in the order of offsets; none for an unknown one."""
        try:
            with self._read() as connection:
                segment, _ = self._place(connection, filename)
        except SegmentUnknown:
            return
        place = {"of_segment": segment, "after": -1}
        while True:
            with self._read() as connection:
                batch = connection.execute(_documents_of, place).all()
            if not batch:
                return
            for _, content in batch:
                yield rows.document_of(content)
            place["after"] = batch[-1].offset

    def search(self, query: SearchQuery) -> list[SearchHit]:
        """Pages whose text, title or authors contain all the words, best first."""
        with self._read() as connection:
            return fulltext.search(connection, query)

    def counts(self) -> Counts:
        """Rows of each kind."""
        with self._read() as connection:
            numbers = [
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (segments, captures, documents)
            ]
        return Counts(segments=numbers[0], captures=numbers[1], documents=numbers[2])


def _segment_of(row: RowMapping) -> Segment:
    return Segment(
        filename=row["filename"],
        source=row["source"],
        state=row["state"],
        node=row["node"],
        path=row["path"],
    )
