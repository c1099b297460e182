"""Sealed files from the spool into the store, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

from archive.errors import ArchiveError, IndexFailure, StoreError, StoreUnavailable
from archive.index import Index
from archive.names import key_of, sibling
from archive.store.base import Store

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


class Uploader:
    """Uploads sealed segments and text runs, each whole before it counts as `stored`.

    A store that is away is tried again until `close`; any other refusal is kept in `errors` and the
    files stay in the spool for the next start.
    """

    def __init__(self, store: Store, index: Index) -> None:
        self._store = store
        self._index = index
        self._queue: deque[Path] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._busy = False
        self.errors: dict[str, ArchiveError] = {}  #: file name -> why it is not in the store (yet)
        self._thread = threading.Thread(target=self._run, name="uploader", daemon=True)
        self._thread.start()

    def submit(self, sealed: Path) -> None:
        """Take on a sealed NAME.warc.gz or NAME.<run>.jsonl.gz; its side files lie beside it."""
        with self._changed:
            self._queue.append(sealed)
            self._changed.notify_all()

    def drain(self, seconds: float) -> bool:
        """Wait until nothing is left to upload, at most `seconds`; whether all of it is stored."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while (self._queue or self._busy) and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
            return not (self._queue or self._busy or self.errors)

    def close(self) -> None:
        """Stop after the object that is being written; what is left stays in the spool."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

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
            try:
                self._upload(sealed)
            except StoreUnavailable as error:
                self.errors[sealed.name] = error
            except (StoreError, IndexFailure) as error:
                self.errors[sealed.name] = error
                return
            except OSError as error:
                self.errors[sealed.name] = StoreUnavailable(f"cannot read {sealed}: {error}")
                return
            else:
                self.errors.pop(sealed.name, None)
                return
            with self._changed:
                if not self._closing:
                    self._changed.wait(pause)
                if self._closing:
                    return
            pause = min(pause * 2, _LONGEST_PAUSE)

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
