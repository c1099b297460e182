"""Transactions of the index: when they are tried again, and with which database."""

from __future__ import annotations

import secrets
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.exc import SQLAlchemyError

from archive.errors import IndexFailure, IndexUnavailable
from archive.index.dialect.base import BUSY_SECONDS, WRITE, Dialect, Moved
from archive.index.outage import Outage
from archive.index.rows import Found, Values
from archive.index.schema import VERSION, index_version

T = TypeVar("T")

_READER_SECONDS = 5
_PAUSES = (0.05, 0.2, 0.5, 1.0)
_TELL_AFTER = 3
"""Attempts that fail without a word: transactions in each other's way need a few."""


def stamp(connection: Connection) -> None:
    """Say in a new index which version it has, and which one it is."""
    row = {"version": VERSION, "generation": secrets.randbits(63)}
    connection.execute(index_version.insert(), row)


class _Prepared(NamedTuple):
    sql: str
    places: tuple[str, ...]  #: names of the values in their order
    constants: Mapping[str, Any]
    row: Callable[[Iterable[Any]], Found]  #: of the values of its columns


class Database:
    """One database. Thread-safe. Every method raises IndexUnavailable."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.remembered: dict[str, Any] = {}
        """What a writer has learnt of rows that never change; forgotten when the database moves."""
        self._writer = dialect.engine.execution_options(**{WRITE: True})
        self._writing = threading.Lock()
        self._place: Hashable = None
        self._generation: Hashable = None
        self._patient = False
        self._outage = Outage(f"the index {dialect.name}")
        self._prepared = lru_cache(64)(self._prepare)

    def create(self) -> None:
        """Make an index where there is none."""

        def make(connection: Connection) -> None:
            self.dialect.exclude(connection)
            # Another process may have been quicker.
            if not self.dialect.tables(connection):
                self.dialect.create(connection)
                stamp(connection)

        self.transact(make)

    def transact(self, work: Callable[[Connection], object]) -> None:
        """`write` to a database that is no index yet."""
        self._until_done(lambda: self._in_writer(work), BUSY_SECONDS)

    def _in_writer(self, work: Callable[[Connection], T]) -> T:
        self._look()
        with self._writer.begin() as connection:
            return work(connection)

    def exists(self) -> bool:
        """Whether there is an index, or anything else in its place; makes nothing."""
        return self._until_done(self.dialect.exists, 0)

    def settle(self) -> None:
        """It has been opened: from now on a server that goes away is waited for."""
        self._patient = True

    def close(self) -> None:
        """Let go of it."""
        self.dialect.close()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do it in a transaction; more than once when the server goes away."""

        def once() -> T:
            self._look()
            with self.dialect.engine.begin() as connection:
                return work(connection)

        return self._until_done(once, _READER_SECONDS)

    def rows(self, statement: Select[Any], values: Mapping[str, Any]) -> list[Found]:
        """The answer to one statement, by the shortest way: for questions that are asked often.

        Values come and go as the driver has them.
        """
        prepared = self._prepared(statement)
        return list(map(prepared.row, self._answer(prepared, values)))

    def tuples(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Values]:
        """`rows` without the names of columns, for thousands of them."""
        return self._answer(self._prepared(statement), values)

    def _answer(self, prepared: _Prepared, values: Mapping[str, Any]) -> Sequence[Values]:
        every = {**prepared.constants, **values}
        ordered = [every[place] for place in prepared.places]

        def once() -> Sequence[Values]:
            self._look()
            return self.dialect.ask(prepared.sql, ordered)

        return self._until_done(once, _READER_SECONDS)

    def _prepare(self, statement: Select[Any]) -> _Prepared:
        compiled = statement.compile(dialect=self.dialect.paper)
        names = [str(column.name) for column in statement.selected_columns]
        # Made in a fraction of the time that a dict takes; by `_make` it would be twice that.
        row: Any = namedtuple("row", names)  # type: ignore[misc]  # names are known when it runs
        return _Prepared(
            str(compiled),
            tuple(compiled.positiontup or ()),
            compiled.params,
            partial(tuple.__new__, row),
        )

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do it in a transaction that is durable when this returns; one thread at a time, so that
        none starves. `work` is done again when the transaction came to nothing: it must bear that.
        """

        def once(connection: Connection) -> T:
            self._remember(self.dialect.enter(connection))
            return work(connection)

        with self._writing:
            return self._until_done(lambda: self._in_writer(once), BUSY_SECONDS)

    def _remember(self, generation: Hashable) -> None:
        if generation != self._generation:
            self.remembered.clear()
            self._generation = generation

    def _look(self) -> None:
        """Open the database that the name stands for now, if it is not the one that is open."""
        place = self.dialect.place()
        if place == self._place:
            return
        if place is None and self._place is not None:
            raise IndexUnavailable(
                f"the index {self.dialect.name} was removed while it was in use: "
                "start again, and run `pressmark rebuild-index`"
            )
        if self._place is not None:
            self.dialect.renew()
        self._place = place

    def _until_done(self, once: Callable[[], T], seconds: float) -> T:
        began: float | None = None
        end = 0.0
        attempt = 0
        while True:
            try:
                done = once()
            except Moved:
                self.dialect.renew()
            except (SQLAlchemyError, self.dialect.driver_error) as error:
                # From the first failure on: to notice that a server is silent can take longer.
                now = time.monotonic()
                failure = self.dialect.failure(error)
                if not (self._patient and self.dialect.passing(error)):
                    raise failure from error
                if began is None:
                    began, end = now, self._outage.end_of(now, seconds)
                if now >= end:
                    raise _waited(failure, now - began) from error
                if attempt >= _TELL_AFTER:
                    self._outage.tell(failure)
                time.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
                attempt += 1
            else:
                self._outage.over()
                return done


def _waited(failure: IndexFailure, seconds: float) -> IndexFailure:
    if seconds < 1:
        return failure
    return type(failure)(f"{failure} (waited {seconds:.0f} s for it)")
