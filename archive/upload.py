"""Sealed files from the spool into the store, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ArchiveError, IndexUnavailable, KeyTaken, StoreError, StoreUnavailable
from archive.index import Index
from archive.manifests import parse_manifest
from archive.names import key_of, sibling
from archive.store.base import Store

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_REFUSED_PAUSE = 300.0
"""Seconds until a file that was refused is tried again: permissions and credentials change."""


@dataclass(slots=True, eq=False)
class _Task:
    """A sealed file that is not stored yet."""

    path: Path
    adopted: bool
    tries: int = 0
    error: ArchiveError | None = None  #: of the last try
    tried: float = 0.0  #: when the last try ended (monotonic seconds)
    due: float = 0.0  #: of a refused one: when it is tried again (likewise)


class Uploader:
    """Uploads sealed segments and text runs, each whole before it counts as `stored`.

    A store (or index) that is away is tried again until `close`, with growing pauses. A file that
    is refused for another reason stays in the spool, and is tried again every five minutes; none
    holds up the others. What this process captured goes before what it adopted from a dead one.
    """

    def __init__(self, store: Store, index: Index, check: Callable[[], None] | None = None) -> None:
        """`check` is called before each upload; what it raises is as if the store had."""
        self._store = store
        self._index = index
        self._check = check
        self._waiting: list[_Task] = []
        self._refused: list[_Task] = []
        self._current: _Task | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._deadline: float | None = None  # when waiting ends in any case (monotonic seconds)
        self.said = ""  #: the cause that `drain` has logged last
        self._away_since: float | None = None  # beginning of the first attempt that failed
        self._pause = _FIRST_PAUSE
        self._thread = threading.Thread(target=self._run, name="uploader", daemon=True)
        self._thread.start()

    def submit(self, sealed: Path, *, adopted: bool = False) -> None:
        """Take on a sealed NAME.warc.gz or NAME.<run>.jsonl.gz; its side files lie beside it.

        `adopted`: an earlier process left it.
        """
        with self._changed:
            self._waiting.append(_Task(sealed, adopted))
            self._changed.notify_all()

    def suppose_away(self) -> None:
        """The store has not answered a question: a first try that hangs is not waited for."""
        with self._changed:
            self._away_since = self._away_since or time.monotonic()

    def hurry(self, seconds: float) -> None:
        """From now on nobody waits for longer than that, not even for an upload that hangs."""
        with self._changed:
            self._deadline = time.monotonic() + seconds
            self._changed.notify_all()

    def drain(self, patience: float, *, own: bool = False) -> bool:
        """Wait until nothing is left to upload, of our `own` or at all; whether it is all stored.

        Gives up when the store has been away for `patience` seconds of the waiting, at the end of a
        `hurry`, or at `close`; at once when it is the index that failed, as that has been waited
        for. A store that is slow is waited for. That it is away is logged once.
        """
        began = time.monotonic()
        told = False
        with self._changed:
            while self._unfinished(own) and not self._closing:
                left = self._left(began, patience)
                if left is not None and left <= 0:
                    break
                if self._away_since is None:
                    self._changed.wait(left)
                    continue
                failed = [task for task in self._unfinished(own) if task.error]
                if any(_waited_for_index(task, began) for task in failed):
                    break
                cause = next((task.error for task in failed), None)
                # That a database is away has been told by those who waited for it.
                if cause is not None and not isinstance(cause, IndexUnavailable) and not told:
                    told = True
                    self.said = str(cause)
                    logger.warning("not stored yet (%s); trying for %g s", cause, patience)
                self._changed.wait(left)
            return self._error(own) is None

    def error(self, *, own: bool = False) -> ArchiveError | None:
        """Why something, of our `own` or at all, is not stored (yet); None when all of it is."""
        with self._changed:
            return self._error(own)

    def close(self, timeout: float | None = None) -> bool:
        """Stop after the object that is being written; what is left stays in the spool.

        Whether it has stopped within `timeout` seconds; None waits for it.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _left(self, began: float, patience: float) -> float | None:
        """Seconds for a `drain` that began then; None: as long as it takes."""
        ends = [] if self._deadline is None else [self._deadline]
        if self._away_since is not None:
            ends.append(max(began, self._away_since) + patience)
        return min(ends) - time.monotonic() if ends else None

    def _unfinished(self, own: bool) -> list[_Task]:
        tasks = [*self._waiting, self._current] if self._current else self._waiting
        return [task for task in tasks if not (own and task.adopted)]

    def _error(self, own: bool) -> ArchiveError | None:
        unfinished = self._unfinished(own)
        refused = [task for task in self._refused if not (own and task.adopted)]
        for task in (*refused, *unfinished):
            if task.error is not None:
                return task.error
        if unfinished:
            return StoreUnavailable(
                "the upload was not over when the waiting ended; the next command goes on with it"
            )
        return None

    def _run(self) -> None:
        while (task := self._next()) is not None:
            began = time.monotonic()
            error = self._attempt(task.path)
            with self._changed:
                self._note(task, error, began)
                self._changed.notify_all()
                if self._away_since is not None and self._waiting:
                    self._changed.wait_for(self._pause_is_over, self._pause)
                    self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _pause_is_over(self) -> bool:
        """Something new of our own is tried at once: whoever waits for it has the reason soon."""
        return self._closing or any(not (each.tries or each.adopted) for each in self._waiting)

    def _next(self) -> _Task | None:
        """The next file, at the time when it shall be tried; None when the thread shall end."""
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                self._waiting += [task for task in self._refused if task.due <= now]
                self._refused = [task for task in self._refused if task.due > now]
                if self._waiting:
                    # Tries first: one file that a store fails on must not keep it from the others.
                    task = min(self._waiting, key=lambda task: (task.tries, task.adopted))
                    self._waiting.remove(task)
                    self._current = task
                    return task
                due = min((task.due for task in self._refused), default=None)
                self._changed.wait(None if due is None else due - now)
            return None

    def _note(self, task: _Task, error: ArchiveError | None, began: float) -> None:
        """What became of a try; with the lock held."""
        self._current = None
        task.tries += 1
        task.error = error
        task.tried = time.monotonic()
        if isinstance(error, StoreUnavailable | IndexUnavailable):
            self._away_since = self._away_since or began
            self._waiting.append(task)
            return
        self._away_since = None
        self._pause = _FIRST_PAUSE
        if error is not None:
            task.due = time.monotonic() + _REFUSED_PAUSE
            self._refused.append(task)

    def _attempt(self, sealed: Path) -> ArchiveError | None:
        try:
            self._upload(sealed)
        except ArchiveError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a dead thread would leave all others waiting
            return StoreError(
                f"{sealed} could not be uploaded: {type(error).__name__}: {error}; it stays there "
                "and is tried again, by the next command too"
            )
        return None

    def _upload(self, sealed: Path) -> None:
        """Objects first, the manifest that vouches for them last; then the row, then the spool."""
        if self._check is not None:
            self._check()
        paths = [sealed, sealed.with_name(sibling(sealed.name, "jsonl"))]
        is_segment = sealed.name.endswith(".warc.gz")
        if is_segment:
            paths.insert(1, sealed.with_name(sibling(sealed.name, "cdxj.gz")))
        for path in paths[:-1]:
            self._store.put_new(key_of(path.name), path)
        self._vouch(paths[-1])
        if is_segment:
            self._index.mark_stored(sealed.name)
        for path in paths:
            path.unlink(missing_ok=True)

    def _vouch(self, path: Path) -> None:
        """Put a manifest, if none is there that says the same.

        Of the same input under another name, or of an import whose manifest was lost with the
        power, it has another origin.
        """
        try:
            self._store.put_new(key_of(path.name), path)
        except KeyTaken:
            there = parse_manifest(self._store.get(key_of(path.name)), path.name)
            if not there.agrees(parse_manifest(path.read_bytes(), path.name)):
                raise


def _waited_for_index(task: _Task, since: float) -> bool:
    return isinstance(task.error, IndexUnavailable) and task.tried >= since
