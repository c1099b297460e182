"""What a database must offer to hold the index. All that differs between databases is in here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sqlalchemy import ColumnElement, Connection, Engine, Table, TableClause
from sqlalchemy import Dialect as SqlDialect

from archive.errors import IndexFailure
from archive.index.words import Alternatives

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

    Insert = SqliteInsert | PostgresqlInsert

WRITE = "pressmark_write"
"""Execution option of connections that are going to write."""

BUSY_SECONDS = 30
"""How long a writer waits for others, or for a server that went away."""

Row = dict[str, Any]


class Moved(Exception):
    """Another database has taken the place of the one that is open: open that, and ask again."""


class Dialect(ABC):
    """One database, and how to speak to it. Methods let SQLAlchemyError through; see `failure`."""

    engine: Engine
    name: str  #: what to call it in messages: a file, or a URL without its password
    software: str  #: name and version of the database software
    driver_error: type[Exception]  #: the root of the driver's errors
    paper: SqlDialect  #: how to write SQL for `ask`: with values by their order
    fulltext: ClassVar[TableClause]  #: the full-text index as a table to join by its one column
    #: that a document has all the words, and how well, greater is better; both with a value `words`
    matches: ClassVar[ColumnElement[bool]]
    rank: ClassVar[ColumnElement[float]]

    def renew(self) -> None:
        """Close the connections that are not in use; new ones go to what the name stands for."""
        self.engine.dispose()

    def close(self) -> None:
        """Let go of it."""
        self.renew()

    # What is there

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is an index, or anything else in its place. Makes nothing."""

    @abstractmethod
    def tables(self, connection: Connection) -> list[str]:
        """Names of the tables; none when it is new."""

    @abstractmethod
    def create(self, connection: Connection) -> None:
        """Make tables and keys."""

    @abstractmethod
    def exclude(self, connection: Connection) -> None:
        """Until the transaction ends nobody else writes to the index, or makes it."""

    @abstractmethod
    def place(self) -> Hashable:
        """Which database the name stands for now, as far as that can be told without asking it.

        None where there is nothing under the name.
        """

    @abstractmethod
    def enter(self, connection: Connection) -> Hashable:
        """At the start of a transaction that writes, hold off a replacement until it is over.

        Returns which database it is, as something that no other one has. Raises Moved.
        """

    # Statements

    @abstractmethod
    def ask(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of one SELECT, in a transaction of its own."""

    @abstractmethod
    def insert(self, target: Table) -> Insert:
        """INSERT that takes ON CONFLICT."""

    def upsert(
        self, target: Table, keys: Sequence[str], *, where: ColumnElement[bool] | None = None
    ) -> Insert:
        """INSERT that replaces the row of the same `keys`, if `where` holds for that row.

        A column `id` keeps its value.
        """
        statement = self.insert(target)
        replaced = [column.name for column in target.c if column.name not in {"id", *keys}]
        values = {name: statement.excluded[name] for name in replaced}
        return statement.on_conflict_do_update(index_elements=list(keys), set_=values, where=where)

    def insert_new(self, target: Table) -> Insert:
        """INSERT that leaves a row that is there alone."""
        return self.insert(target).on_conflict_do_nothing()

    # Full text

    @abstractmethod
    def add_text(self, connection: Connection, row: Row) -> None:
        """Enter a document: `id`, and tokens parted by spaces for `title text authors accented`."""

    @abstractmethod
    def remove_text(self, connection: Connection, row: Row) -> None:
        """Take a document out; `row` exactly as it was entered."""

    @abstractmethod
    def query(self, words: Sequence[Alternatives]) -> str:
        """The words as the value `words` of `matches` and `rank`."""

    # Errors

    @abstractmethod
    def passing(self, error: Exception) -> bool:
        """Whether the same transaction may well succeed if it is tried again.

        Errors are those of SQLAlchemy, and here and below those of the driver.
        """

    @abstractmethod
    def failure(self, error: Exception) -> IndexFailure:
        """What to tell people of an error."""


class Beside(Protocol):
    """A new index beside the live one. See archive.index.replacement."""

    @property
    def dialect(self) -> Dialect:
        """Of the new database, once `open` has returned."""

    def open(self) -> None:
        """Take the place for this process alone, and make the database, or find the unfinished one.

        Raises IndexUnavailable when another process has it.
        """

    def discard(self) -> None:
        """Throw away what is there, and begin anew."""

    def create(self, connection: Connection) -> None:
        """Make the tables without the keys of captures."""

    def stage(self, rows: Sequence[Row]) -> None:
        """Keep rows of captures, durably, in any order; the same row may come again."""

    def finish(self) -> None:
        """Make captures of what was staged, and their keys. May be repeated."""

    def hold_writers(self) -> AbstractContextManager[None]:
        """Nobody can commit to the live index meanwhile."""

    def take_place(self) -> None:
        """Put the new index in the place of the live one, whole or not at all; within the above."""

    def close(self) -> None:
        """Let go of both."""
