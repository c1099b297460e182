"""Which objects wait for the second store, kept between processes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, select

from archive.state.database import State
from archive.state.schema import mirror_waiting, mirrors
from archive.timestamps import now, to_timestamp


class MirrorWaitingList:
    """The waiting list of one mirror. Processes may share it. Raises StateFailure.

    The database is opened when it is first asked for.
    """

    def __init__(self, url: str, mirror: str) -> None:
        """`url` of the state database; `mirror` is the URI of the second store."""
        self._url = url
        self._mirror = mirror
        self._opened: State | None = None

    @property
    def _state(self) -> State:
        if self._opened is None:
            self._opened = State(self._url)
        return self._opened

    def add(self, keys: Iterable[str]) -> None:
        """Objects that the mirror may lack; durable. Those that wait already keep their place."""
        since = to_timestamp(now())
        rows = [{"mirror": self._mirror, "key": key, "since": since} for key in keys]
        with self._state.writing() as connection:
            self._state.upsert(connection, mirror_waiting, rows, keep=True)

    def done(self, key: str) -> None:
        """The mirror has it."""
        table = mirror_waiting
        with self._state.writing() as connection:
            connection.execute(
                delete(table).where(table.c.mirror == self._mirror, table.c.key == key)
            )

    def next(self, after: str = "", limit: int = 100) -> list[str]:
        """Keys that wait, in their order, those after `after`."""
        table = mirror_waiting
        statement = (
            select(table.c.key)
            .where(table.c.mirror == self._mirror, table.c.key > after)
            .order_by(table.c.key)
            .limit(limit)
        )
        with self._state.reading() as connection:
            return list(connection.execute(statement).scalars())

    def count(self) -> tuple[int, str | None]:
        """How many wait, and since when the first of them: 14 digits, None when none waits."""
        table = mirror_waiting
        statement = select(func.count(), func.min(table.c.since)).where(
            table.c.mirror == self._mirror
        )
        with self._state.reading() as connection:
            number, since = connection.execute(statement).one()
        return number, since

    def is_compared(self) -> bool:
        """Whether all that the store held once is in the mirror or on this list."""
        statement = select(mirrors.c.mirror).where(mirrors.c.mirror == self._mirror)
        with self._state.reading() as connection:
            return connection.execute(statement).one_or_none() is not None

    def compared(self) -> None:
        """All that the store holds is in the mirror or on this list; durable."""
        row = {"mirror": self._mirror, "compared": to_timestamp(now())}
        with self._state.writing() as connection:
            self._state.upsert(connection, mirrors, [row])

    def close(self) -> None:
        """Let go of the database."""
        if self._opened is not None:
            self._opened.close()
