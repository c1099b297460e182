"""A database server that went away: how long it is waited for, and what people are told of it."""

from __future__ import annotations

import logging
import threading

logger = logging.getLogger(__name__)


class Outage:
    """One for all threads that use a database: they wait for it together, and it is told once."""

    def __init__(self, name: str) -> None:
        """`name`: what to call the database in messages."""
        self._name = name
        self._lock = threading.Lock()
        self._since: float | None = None  # monotonic seconds; None: it answers
        self._told = False

    def end_of(self, now: float, patience: float) -> float:
        """It has failed `now`: until when somebody of that patience waits for it (all seconds).

        Counted from when it went away: who comes after others have given up does not wait again.
        """
        with self._lock:
            if self._since is None:
                self._since = now
            return self._since + patience

    def tell(self, cause: Exception) -> None:
        """Say that it is waited for, once an outage."""
        with self._lock:
            if not self._told:
                self._told = True
                logger.warning("%s; waiting for the database", cause)

    def over(self) -> None:
        """It has answered."""
        if self._since is None:  # nearly always: without the lock
            return
        with self._lock:
            if self._told:
                logger.warning("going on: %s answers again", self._name)
            self._since, self._told = None, False
