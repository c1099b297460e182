"""A new index beside the live one, filled in bulk, that then takes its place.

with Replacement(url) as fresh:
    for name in wanted - fresh.done:
        fresh.load(segments=[...], captures=[...], documents=[...], done=[name])
    fresh.finish()
    with fresh.swap() as live:
        ...  # nobody writes to `live` now: bring over what it got in the meantime
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Column, Connection, MetaData, Table, Text, func, inspect, select

from archive.errors import IndexDamaged, IndexFailure, IndexOutdated
from archive.index.database import Database, stamp
from archive.index.dialect import beside, open_dialect
from archive.index.index import Index
from archive.index.schema import VERSION, captures_place, index_version, segments
from archive.model import Capture, Document, Segment

# In the new index alone, and only as long as it is one.
_loaded = Table("loaded", MetaData(), Column("name", Text, primary_key=True))


class Replacement:
    """Context manager. Left without `swap` it keeps what was loaded; the next one goes on there.

    What another version of the schema left is thrown away. Every method raises IndexUnavailable,
    also while another process has a Replacement of the same index open.
    """

    index: Index  #: the new one; complete for readers after `finish`
    done: set[str]  #: what `load` noted, also that of an earlier process

    def __init__(self, url: str) -> None:
        """`url` is that of the live index."""
        self._url = url
        self._live = open_dialect(url)
        self._beside = beside(self._live)
        self._finished = False
        self._swapped = False

    def __enter__(self) -> Self:
        try:
            self._beside.open()
            self._database = Database(self._beside.dialect)
            if not self._goes_on():
                self._database.close()
                self._beside.discard()
                self._database = Database(self._beside.dialect)
                self._database.transact(self._make)
            self.index = Index(self._beside.dialect)
            self.done = set(self._database.read(_names))
            self._finished = self._database.read(_has_keys)
        except BaseException:
            self._close()
            raise
        return self

    def restart(self) -> None:
        """Throw away what was loaded so far."""
        self.index.close()
        self._database.close()
        self._beside.discard()
        self._database = Database(self._beside.dialect)
        self._database.transact(self._make)
        self.index = Index(self._beside.dialect)
        self.done = set()
        self._finished = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._beside.close()
        self._live.close()

    def _goes_on(self) -> bool:
        """Whether an earlier process left an unfinished index of this version."""
        try:
            found = self._database.read(self._beside.dialect.tables)
            if _loaded.name not in found:
                return False
            newest = select(func.max(index_version.c.version))
            return self._database.read(lambda c: c.execute(newest).scalar()) == VERSION
        except IndexFailure:
            return False  # damaged: it is thrown away

    def _make(self, connection: Connection) -> None:
        self._beside.create(connection)
        _loaded.create(connection)
        stamp(connection)

    def load(
        self,
        *,
        segments: Iterable[Segment] = (),
        captures: Sequence[Capture] = (),
        documents: Sequence[Document] = (),
        done: Iterable[str] = (),
    ) -> None:
        """Enter all of it, in any order, durably, and note the names in `done` when it is there.

        Best some thousand captures at a time. Their segments come with them or before them; what
        came already may come again. Raises SegmentUnknown.
        """
        self.index.add_segments(list(segments))
        if self._finished:
            self.index.commit(captures, documents)
        else:
            # Captures before the names: what is noted as done must be there.
            if captures:
                self._beside.stage(self.index.rows_of(captures))
            if documents:
                self.index.commit([], documents)
        new = sorted(set(done) - self.done)
        if new:
            insert = self._beside.dialect.insert_new(_loaded)
            noted = [{"name": name} for name in new]
            self._database.transact(lambda c: c.execute(insert, noted))
            self.done.update(new)

    def finish(self) -> None:
        """Make the keys that readers need. More can be entered afterwards, by `index` or `load`."""
        self._beside.finish()
        self._finished = True

    @contextmanager
    def swap(self) -> Iterator[Index | None]:
        """Hold writers of the live index off, give it to read, then put the new one in its place.

        None where the live index is missing, damaged, or of another version; one that cannot be
        asked now is an IndexUnavailable. When the block is left by an exception, the live index
        stays. Open indexes, in any process, go on with the new one by themselves. Keep the block
        short: writers wait for it, 30 s at most.
        """
        self.finish()
        with self._beside.hold_writers():
            live = self._readable()
            try:
                yield live
            finally:
                if live is not None:
                    live.close()
            self._database.transact(_loaded.drop)
            self.index.close()
            self._beside.take_place()

    def _readable(self) -> Index | None:
        try:
            # Opening would make one where there is none.
            if not Database(self._live).read(self._live.tables):
                return None
            return Index(self._url)
        except (IndexDamaged, IndexOutdated):
            return None

    def spooled_in_outdated(self) -> list[tuple[str, str]]:
        """`(file name, node)` of what the live index, of another version, has as spooled.

        Within `swap`, which gives nothing of such an index. Nothing where there is none, or a
        damaged one, or one that has not these columns.
        """
        named = select(segments.c.filename, segments.c.node).where(segments.c.state == "spooled")
        needed = {column.name for column in (segments.c.state, *named.selected_columns)}

        def ask(connection: Connection) -> list[tuple[str, str]]:
            if segments.name not in self._live.tables(connection):
                return []
            found = inspect(connection).get_columns(segments.name)
            if not needed <= {column["name"] for column in found}:
                return []
            return [(filename, node) for filename, node in connection.execute(named)]

        try:
            return Database(self._live).read(ask)
        except IndexDamaged:
            return []


def _names(connection: Connection) -> Sequence[str]:
    return connection.execute(select(_loaded.c.name)).scalars().all()


def _has_keys(connection: Connection) -> bool:
    found = inspect(connection).get_indexes("captures")
    return any(index["name"] == captures_place.name for index in found)
