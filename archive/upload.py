"""Sealed files from the spool into the store, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

from archive.errors import ArchiveError, IndexUnavailable, StoreError, StoreUnavailable
from archive.index import Index
from archive.names import key_of, sibling
from archive.store.base import Store

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


class Uploader:
    """Uploads sealed segments and text runs, each whole before it counts as `stored`.

    A store (or index) that is away is tried again until `close`; after any other refusal the files
    stay in the spool for the next start.
    """

    def __init__(self, store: Store, index: Index) -> None:
        self._store = store
        self._index = index
        self._queue: deque[Path] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._busy = False
        self._away_since: float | None = None  # beginning of the first attempt that failed
        self._errors: dict[Path, ArchiveError] = {}
        self._thread = threading.Thread(target=self._run, name="uploader", daemon=True)
        self._thread.start()

    def submit(self, sealed: Path) -> None:
        """Take on a sealed NAME.warc.gz or NAME.<run>.jsonl.gz; its side files lie beside it."""
        with self._changed:
            self._queue.append(sealed)
            self._changed.notify_all()

    def drain(self, patience: float) -> bool:
        """Wait until nothing is left to upload; whether all of it is stored.

        Gives up when the store has been away for `patience` seconds of the waiting, or at `close`.
        """
        began = time.monotonic()
        with self._changed:
            while (self._queue or self._busy) and not self._closing:
                if self._away_since is None:
                    self._changed.wait()
                    continue
                left = max(began, self._away_since) + patience - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return self._error() is None

    def error(self) -> ArchiveError | None:
        """Why something that was submitted is not stored (yet); None when all of it is."""
        with self._changed:
            return self._error()

    def close(self, timeout: float | None = None) -> bool:
        """Stop after the object that is being written; what is left stays in the spool.

        Whether it has stopped within `timeout` seconds; None waits for it.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _error(self) -> ArchiveError | None:
        if self._errors:
            return next(iter(self._errors.values()))
        if self._queue or self._busy:
            return StoreUnavailable("the upload was not over when the waiting ended")
        return None

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._queue or self._closing):
                    self._changed.wait()
                if self._closing:
                    return
                sealed = self._queue.popleft()
                self._busy = True
            self._upload_patiently(sealed)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _upload_patiently(self, sealed: Path) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            error = self._attempt(sealed)
            away = isinstance(error, StoreUnavailable | IndexUnavailable)
            with self._changed:
                if error is None:
                    self._errors.pop(sealed, None)
                else:
                    self._errors[sealed] = error
                self._away_since = (self._away_since or began) if away else None
                self._changed.notify_all()
                if not away:
                    return
                if not self._closing:
                    self._changed.wait_for(lambda: self._closing, pause)
                if self._closing:
                    return
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _attempt(self, sealed: Path) -> ArchiveError | None:
        try:
            self._upload(sealed)
        except ArchiveError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a dead thread would leave all others waiting
            return StoreError(f"{sealed} could not be uploaded: {type(error).__name__}: {error}")
        return None

    def _upload(self, sealed: Path) -> None:
        """Objects first, the manifest that vouches for them last; then the row, then the spool."""
        paths = [sealed, sealed.with_name(sibling(sealed.name, "jsonl"))]
        is_segment = sealed.name.endswith(".warc.gz")
        if is_segment:
            paths.insert(1, sealed.with_name(sibling(sealed.name, "cdxj.gz")))
        for path in paths:
            self._store.put_new(key_of(path.name), path)
        if is_segment:
            self._index.mark_stored(sealed.name)
        for path in paths:
            path.unlink(missing_ok=True)
