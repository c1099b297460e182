"""The index: which captures there are, where they are kept, and what their text says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select, update

from archive.errors import IndexOutdated, IndexUnavailable, NotArchived, SegmentUnknown
from archive.index import (
    fulltext,
    health,
    lookup,
    overview,
    partial,
    rows,
    stepping,
    unextracted,
    walking,
    withdrawal,
)
from archive.index.blocks import Blocks
from archive.index.database import Database
from archive.index.decisions import Decisions
from archive.index.dialect import Dialect, open_dialect
from archive.index.documents import Documents
from archive.index.known import KnownSegments
from archive.index.queries import (
    CapturePlace,
    CaptureQuery,
    Counts,
    Neighbours,
    SourceCounts,
)
from archive.index.repeated import Repeated
from archive.index.schema import (
    VERSION,
    captures,
    collection,
    documents,
    index_version,
    segments,
)
from archive.index.stepping import Hidden, HiddenVersion, Steps
from archive.model import Capture, Document, Segment, SegmentState
from archive.urlkey import urlkey

_segment_named = select(segments).where(segments.c.filename == bindparam("name"))
_mark_stored = (
    update(segments)
    .where(segments.c.filename == bindparam("name"))
    .values(state="stored", node=None, path=None)
)
_with_digest = (
    select(func.count()).select_from(captures).where(captures.c.digest == bindparam("digest"))
)
_counts = select(
    *(
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in (segments, captures, documents)
    ),
    unextracted.number.scalar_subquery().label("unextracted"),
)


class Index:
    """A database of captures and documents. Thread-safe; processes may share it.

    Every method raises IndexUnavailable when the database is locked, damaged, full or cannot be
    written, and methods that take a URL raise UrlError.
    """

    def __init__(self, place: str | Dialect) -> None:
        """`place` is a URL as SQLAlchemy has it, e.g. sqlite:////var/lib/pressmark/index.db or
        postgresql://user@host/database; the index is made where there is none.

        Raises IndexUnavailable; IndexOutdated when another version of the schema is in it.
        """
        self.is_new = False  #: whether this opening made it
        self._dialect = open_dialect(place) if isinstance(place, str) else place
        self._database = Database(self._dialect)
        self.decisions = Decisions(self._database, self._dialect)  #: to withhold captures
        self.documents = Documents(self._database, self._dialect)
        self.repeated = Repeated(self._database.rows)  #: by revisits
        self._known = KnownSegments(self._database.rows)
        self._blocks = Blocks(self._database.rows)
        self._add_captures = self._dialect.upsert(captures, ("segment", "offset"))
        # A segment that is stored does not come back to the spool.
        spooled = segments.c.state == "spooled"
        self._add_segment = self._dialect.upsert(segments, ("filename",), where=spooled)
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        self._database.settle()

    @staticmethod
    def exists(url: str) -> bool:
        """Whether there is an index, or anything else in its place; makes nothing.

        Raises IndexUnavailable.
        """
        database = Database(open_dialect(url))
        try:
            return database.exists()
        finally:
            database.close()

    def _open(self) -> None:
        found = self._database.read(self._dialect.tables)
        if not found:
            self._database.create()
            self.is_new = True
        elif index_version.name not in found:
            raise IndexUnavailable(
                f"{self._dialect.name} is a database of something else: "
                "correct `database` or `home`"
            )
        newest = select(func.max(index_version.c.version))
        version = self._database.read(lambda c: c.execute(newest).scalar())
        if version != VERSION:
            raise IndexOutdated(
                f"the index {self._dialect.name} has version {version}, this Pressmark needs "
                f"{VERSION}: run `pressmark rebuild-index`; nothing in storage is touched by that"
            )

    def wait(self) -> None:
        """Wait for a server that went away as long as a write does, longer than a question."""
        self._database.write(lambda _: None)

    def mark_partial(self) -> None:
        """Note that the store has files that this index does not know, until a rebuild. Durable."""
        self._database.write(lambda c: c.execute(partial.make_mark))

    def is_partial(self) -> bool:
        """Whether `mark_partial` was called of this index."""
        return partial.mark.name in self._database.read(self._dialect.tables)

    def mark_collection(self, description: str | None) -> None:
        """Note of which collection this index is: the text of its collection.json. Durable.

        None: of the one that it is seen with next.
        """

        def mark(connection: Connection) -> None:
            connection.execute(collection.delete())
            if description is not None:
                connection.execute(collection.insert().values(description=description))

        self._database.write(mark)

    def collection(self) -> str | None:
        """What `mark_collection` noted; None: nothing yet."""
        noted = select(collection.c.description)
        return self._database.read(lambda c: c.execute(noted).scalar())

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    @property
    def software(self) -> str:
        """Name and version of the database software, e.g. "SQLite 3.40.1"."""
        return self._dialect.software

    def _fetch(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        return self._database.read(lambda c: c.execute(statement).all())

    # Segments

    def add_segment(self, segment: Segment) -> None:
        """Enter a segment, or where it lies now. One that is stored stays so. Durable."""
        self.add_segments([segment])

    def add_segments(self, segments: Sequence[Segment]) -> None:
        """`add_segment` for each, in one transaction."""
        entered = [rows.segment_row(segment) for segment in segments]
        if entered:
            self._database.write(lambda c: c.execute(self._add_segment, entered))

    def mark_stored(self, filename: str) -> None:
        """The segment's objects are written and verified. Durable. Raises SegmentUnknown."""
        found = self._database.write(lambda c: c.execute(_mark_stored, {"name": filename}).rowcount)
        if not found:
            raise SegmentUnknown(filename)

    def segment(self, filename: str) -> Segment:
        """Raises SegmentUnknown."""
        found = self._database.rows(_segment_named, {"name": filename})
        if not found:
            raise SegmentUnknown(filename)
        return rows.segment_of(found[0])

    def segments(self, state: SegmentState | None = None) -> list[Segment]:
        """Segments in the order of their names; of one state, or all."""
        statement = select(segments).order_by(segments.c.filename)
        if state is not None:
            statement = statement.where(segments.c.state == state)
        return [rows.segment_of(row) for row in self._fetch(statement)]

    def _place(self, connection: Connection, filename: str) -> tuple[int, str]:
        """Id and source of a segment. Raises SegmentUnknown."""
        known: dict[str, tuple[int, str]] = self._database.remembered
        if filename not in known:
            row = connection.execute(_segment_named, {"name": filename}).one_or_none()
            if row is None:
                raise SegmentUnknown(filename)
            known[filename] = row.id, row.source
        return known[filename]

    # Writing

    def commit(
        self,
        captures: Sequence[Capture],
        documents: Sequence[Document] = (),
        new_segments: Sequence[Segment] = (),
    ) -> None:
        """Enter captures and documents in one transaction, which is durable when this returns.

        What is there already is replaced by the same; of several documents of a capture that of the
        greatest run stays. Their segments have been added before, or are with them: one whose first
        captures fail leaves no row behind. Raises SegmentUnknown, and then nothing is entered.
        """
        prepared = [fulltext.prepare(document) for document in documents]
        entered = [rows.segment_row(segment) for segment in new_segments]

        def enter(connection: Connection) -> None:
            if entered:
                connection.execute(self._add_segment, entered)
                # Ids that an attempt gave which was taken back since.
                self._forget(new_segments)
            new = self._rows_of(connection, captures)
            if new:
                connection.execute(self._add_captures, new)
            for item in prepared:
                segment, _ = self._place(connection, item.document.filename)
                fulltext.put(connection, self._dialect, item, segment)

        try:
            self._database.write(enter)
        except BaseException:
            self._forget(new_segments)
            raise

    def keep_only(self, filename: str, offsets: Collection[int]) -> int:
        """Forget captures, and their documents, of a segment that are at none of the offsets.

        For the rows of a commit whose records were lost; how many captures these were. Durable.
        Raises SegmentUnknown.
        """

        def withdraw(connection: Connection) -> int:
            segment, _ = self._place(connection, filename)
            return withdrawal.keep_only(connection, self._dialect, segment, offsets)

        return self._database.write(withdraw)

    def _forget(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            self._database.remembered.pop(segment.filename, None)

    def rows_of(self, captures: Sequence[Capture]) -> list[rows.Row]:
        """The captures as rows, for those who enter them in another way. Raises SegmentUnknown."""
        return self._database.read(lambda c: self._rows_of(c, captures))

    def _rows_of(self, connection: Connection, captures: Sequence[Capture]) -> list[rows.Row]:
        return [
            rows.capture_row(capture, *self._place(connection, capture.filename))
            for capture in captures
        ]

    # Captures

    def find(
        self,
        url: str,
        *,
        at: str | None = None,
        any_status: bool = False,
        hidden: Hidden | None = None,
    ) -> Capture:
        """The capture of a URL that answers best. `at` has 14 digits. Raises NotArchived.

        Without `at` the newest 2xx, else the newest; with it one at exactly that time, else the
        nearest 2xx or 3xx (of two as near the earlier), else the nearest. `any_status` looks at the
        time alone. Of those at the same time a 2xx comes first, then the URL itself, then the
        greatest (filename, offset). Of as good an answer each, one of this very page
        (`urlkey.spellings`) goes before others with its key. Captures that are `hidden` count for
        nothing.
        """
        key = urlkey(url)
        capture = lookup.choose(self._database.rows, url, key, at, any_status)
        if capture is not None and hidden is not None and hidden(capture):
            capture = Steps(self._database.rows, key, hidden).choose(at, any_status)
        if capture is None:
            raise NotArchived(url)
        return capture

    def neighbours(
        self, url: str, timestamp: str, hidden: HiddenVersion | None = None
    ) -> Neighbours:
        """What lies around a time of 14 digits, whatever its status. Raises NotArchived.

        Captures that are `hidden` count for nothing.
        """
        key = urlkey(url)
        found = lookup.neighbours(self._database.rows, key, timestamp)
        if found is not None and hidden is not None:
            found = stepping.neighbours(self._database.rows, key, timestamp, found, hidden)
        if found is None or found.first is None:
            raise NotArchived(url)
        return found

    def captured_since(self, url: str, timestamp: str) -> bool:
        """Whether exactly this URL has a 2xx capture at or after a time of 14 digits."""
        found = lookup.since(self._database.rows, urlkey(url), timestamp, lookup.SUCCESS)
        return any(capture.url == url for capture in found)

    def captures(self, query: CaptureQuery) -> Iterator[Capture]:
        """Captures in the order of CDXJ lines: (urlkey, timestamp), then (filename, offset)."""
        return islice(walking.walk(self._database.tuples, self._known, query), query.limit)

    def blocks(self, query: CaptureQuery, first: int, most: int) -> Sequence[CapturePlace]:
        """Where `most` blocks of a query begin, from the number `first` on: the place before the
        first of about `archive.index.blocks.BLOCK` captures. The same for a day."""
        return self._blocks.begins(query, first, most)

    def count_blocks(self, query: CaptureQuery, most: int) -> int:
        """How many blocks a query has; it stops to look at `most`."""
        return self._blocks.number(query, most)

    def count(self, query: CaptureQuery) -> int:
        """How many captures a query is about, `limit` aside."""
        return self._database.read(lambda c: walking.count(c, query))

    def captures_of(self, filename: str, start: int | None = None) -> Iterator[Capture]:
        """Captures of a segment in the order of their offsets; none for an unknown one.

        `start`: from the last one on that begins at that byte or before.
        """
        return lookup.walk_segment(self._database.rows, filename, start)

    def count_digest(self, digest: str) -> int:
        """How many captures have a payload of that digest; looks at every one there is."""
        values = {"digest": rows.digest_bytes(digest)}
        counted = self._database.read(lambda c: c.execute(_with_digest, values).scalar())
        return int(counted or 0)

    # Overview

    def begun_last(self) -> list[str]:
        """File names of the segments that were begun last; looks at the name of every one."""
        return overview.begun_last(self._database.rows)

    def newest(self, limit: int, segments: Sequence[str]) -> list[Capture]:
        """Pages with a document that were captured last, each URL once, newest first.

        `segments`: what `begun_last` told; those that were begun since need not be among them.
        """
        return overview.newest(self._database.rows, limit, segments)

    def sources(self) -> list[SourceCounts]:
        """What there is of each source, in the order of their names."""
        return overview.sources(self._database.rows)

    def recent(self, source: str, most: int) -> list[Capture]:
        """Pages and lists of a source, whatever came of them, newest first."""
        return health.recent(self._database.rows, source, most)

    def counts(self) -> Counts:
        """How much there is."""
        row = self._database.read(lambda connection: connection.execute(_counts).mappings().one())
        return Counts(**row)
