"""Learning, as long as a process runs, of decisions that were made by way of another database."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from archive.errors import ArchiveError
from archive.restrictions.register import Restrictions
from archive.store.base import Store
from archive.store.waiting import within

logger = logging.getLogger(__name__)

SECONDS = 60.0
_FIRST_SECONDS = 10.0
"""How long a store that does not answer may hold up the beginning, or the end."""


class Refreshing:
    """Context manager: looks through the decisions of the store when it is entered, and every so
    often until it is left.

    A store that is away is no reason not to begin: what the database knows is obeyed.
    """

    def __init__(
        self, restrictions: Restrictions, store: Store, *, seconds: float = SECONDS
    ) -> None:
        self._restrictions = restrictions
        self._store = store
        self._seconds = seconds
        self._away = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="restrictions", daemon=True)

    def __enter__(self) -> Self:
        try:
            within(_FIRST_SECONDS, self._store.uri, self._look)
        except ArchiveError as error:
            self._tell(error)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(_FIRST_SECONDS)

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - a dead thread would learn of nothing more
                self._tell(error)

    def _look(self) -> None:
        self._restrictions.refresh(self._store)
        self._away = False

    def _tell(self, error: Exception) -> None:
        if not self._away:
            told = error if isinstance(error, ArchiveError) else repr(error)
            logger.warning("decisions made elsewhere to withhold are not known: %s", told)
        self._away = True
