"""MirroredStore: a store whose objects are copied into a second one, in a thread of its own.

An object counts as stored when the main store has it. It is noted as waiting for the mirror before
that, so that no crash between the two forgets it; the mirror catches up while processes run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from archive.description import are_others, values_of
from archive.errors import (
    AccessDenied,
    BucketMissing,
    FilesMissing,
    KeyMissing,
    KeyTaken,
    StateDamaged,
    StateFailure,
    StoreError,
    StoreUnavailable,
)
from archive.names import DESCRIPTION
from archive.store.base import Capabilities, Store, StoredObject
from archive.store.copying import copy_object, missing

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_AWAY = (StoreUnavailable, AccessDenied, BucketMissing, FilesMissing, StateFailure)

logger = logging.getLogger(__name__)


class WaitingList(Protocol):
    """Durable notes of what the mirror may lack. Raises StateFailure."""

    def add(self, keys: Iterable[str]) -> None:
        """Objects that the mirror may lack."""
        ...

    def done(self, key: str) -> None:
        """The mirror has it."""
        ...

    def next(self, after: str = "", limit: int = 100) -> list[str]:
        """Keys that wait, in their order, those after `after`."""
        ...

    def is_compared(self) -> bool:
        """Whether all that the store held once is in the mirror or on this list."""
        ...

    def compared(self) -> None:
        """Note that."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class MirroredStore:
    """A Store; reads come from the main store alone."""

    def __init__(
        self,
        main: Store,
        mirror: Store,
        waiting: WaitingList,
        *,
        folder: Path,
        closing_seconds: float = 10.0,
    ) -> None:
        """Nothing runs before the first write.

        `folder` has room for the largest object. `close` waits `closing_seconds` for a mirror that
        answers.
        """
        self.main = main
        self.mirror = mirror
        self.uri = main.uri
        self._waiting = waiting
        self._folder = folder
        self._closing_seconds = closing_seconds
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._news = False
        self._busy = False
        self._away = False
        self._closing = False

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store. Raises StoreUnavailable too when it cannot be noted for the mirror.

        Waiting does not help where the notes are damaged: StoreError.
        """
        try:
            self._waiting.add([key])
        except StateDamaged as error:
            raise StoreError(f"nothing can be noted for the mirror: {error}", key) from error
        except StateFailure as error:
            raise StoreUnavailable(f"{key} cannot be noted for the mirror: {error}", key) from error
        stored = self.main.put_new(key, source)
        self.catch_up()
        return stored

    def catch_up(self) -> None:
        """Copy what waits, in the thread; returns at once."""
        with self._changed:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
                self._thread.start()
            self._news = True
            self._changed.notify_all()

    def put_right(self, key: str, source: bytes | Path) -> StoredObject:
        """See Store. In the main store alone."""
        return self.main.put_right(key, source)

    def get(self, key: str) -> bytes:
        """See Store."""
        return self.main.get(key)

    def read(self, key: str, offset: int, length: int) -> bytes:
        """See Store."""
        return self.main.read(key, offset, length)

    def stream(self, key: str) -> Iterator[bytes]:
        """See Store."""
        return self.main.stream(key)

    def head(self, key: str) -> StoredObject:
        """See Store."""
        return self.main.head(key)

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See Store."""
        return self.main.list(prefix, start_after)

    def check(self, *, writing: bool = True) -> None:
        """See Store. The mirror may be away."""
        self.main.check(writing=writing)

    def check_mirror(self) -> None:
        """Raises FilesMissing when it was filled before and is empty; StoreError, StateFailure."""
        if self._waiting.is_compared():
            check_mirror_filled(self.mirror)

    def probe(self) -> Capabilities:
        """See Store. Those of the main store."""
        return self.main.probe()

    def close(self) -> None:
        """See Store. What has not been copied in `closing_seconds` waits for the next process."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._away or not (self._news or self._busy), self._closing_seconds
            )
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(self._closing_seconds)
            if self._thread.is_alive():
                return  # in the middle of a large object; it ends with the process
        self._waiting.close()
        self.mirror.close()
        self.main.close()

    # -- the thread

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while self._next_turn():
            error = self._turn()
            with self._changed:
                if error and not self._away:
                    logger.warning("the mirror %s waits: %s", self.mirror.uri, error)
                self._busy, self._away = False, error is not None
                self._changed.notify_all()
                if self._away:
                    self._changed.wait_for(lambda: self._closing, pause)
                    self._news = True
            pause = min(pause * 2, _LONGEST_PAUSE) if error else _FIRST_PAUSE

    def _next_turn(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._news or self._closing)
            self._news, self._busy = False, not self._closing
            return self._busy

    def _turn(self) -> Exception | None:
        """Copy what waits; why that has to be tried again."""
        try:
            self._copy_all()
        except Exception as error:  # noqa: BLE001 - a dead thread would leave all others waiting
            return error
        return None

    def _copy_all(self) -> None:
        self._compare()
        after = ""
        while keys := self._waiting.next(after):
            for key in keys:
                if self._closing:
                    return
                self._copy(key)
            after = keys[-1]

    def _compare(self) -> None:
        """Note all that a mirror lacks when it is seen first; see that it is still the same one."""
        compared = self._waiting.is_compared()
        if compared:
            check_mirror_filled(self.mirror)
        try:
            copy_object(DESCRIPTION, self.main, self.mirror, self._folder)
        except KeyTaken:
            self._check_description()
        if not compared:
            self._waiting.add(missing(self.main, self.mirror))
            self._waiting.compared()

    def _check_description(self) -> None:
        """It is written in another way there, or is another one. Raises StoreError."""
        own, theirs = self.main.get(DESCRIPTION), self.mirror.get(DESCRIPTION)
        for store, description in ((self.main, own), (self.mirror, theirs)):
            if values_of(description) is None:
                raise StoreError(
                    f"the {DESCRIPTION} of {store.uri} is damaged, and nothing is copied to the "
                    "mirror; `pressmark verify --repair` brings it back from the other one",
                    DESCRIPTION,
                )
        if are_others(own, theirs):
            raise StoreError(
                f"{self.mirror.uri} is another collection by its {DESCRIPTION}, and nothing is "
                "copied there; correct `mirror`; if it is the mirror all the same, copy the "
                f"collection's own {DESCRIPTION} into it",
                DESCRIPTION,
            )

    def _copy(self, key: str) -> None:
        if key == DESCRIPTION:  # by `_compare`
            self._waiting.done(key)
            return
        try:
            copy_object(key, self.main, self.mirror, self._folder)
        except KeyMissing:
            return  # it was noted, and is yet to be written
        except _AWAY:
            raise
        except StoreError as error:
            # One object holds up no others; it stays on the list, for `doctor` and `verify`.
            logger.warning("%s is not in the mirror %s: %s", key, self.mirror.uri, error)
            return
        self._waiting.done(key)


def check_mirror_filled(mirror: Store) -> None:
    """For a mirror that was filled before. Raises FilesMissing when it is empty; StoreError."""
    try:
        mirror.head(DESCRIPTION)
    except KeyMissing as error:
        raise FilesMissing(
            f"{mirror.uri} is empty, although it was filled before, and nothing is copied there; "
            "mount its disk, or correct `mirror`; if it is a new one, copy the collection's own "
            f"{DESCRIPTION} into it and run `pressmark verify --repair`"
        ) from error
