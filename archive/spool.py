"""The spool: one folder a process under `<home>/spool`, held by a lock until the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from archive.errors import WriteError
from archive.files import make_folder
from archive.names import random_part

LOCK = "lock"
"""File in a folder of the spool that its process holds a flock on."""

_INDEX_LOCK = "index.lock"


class Spool:
    """A folder that only the holder of its flock may write to.

    The lock goes with the process, however it ends; whoever takes it afterwards may adopt the
    folder's segments. Descriptors are not inherited by child processes (PEP 446).
    """

    def __init__(self, path: Path, lock: int, index_lock: int | None = None) -> None:
        self.path = path  #: absolute
        self._lock = lock
        self._index_lock = index_lock

    @classmethod
    def create(cls, home: Path) -> Spool:
        """A new folder for this process. Raises WriteError."""
        root = home.absolute() / "spool"
        try:
            make_folder(root)
            index_lock = lock_index(home, exclusive=False)
            if index_lock is None:
                raise BlockingIOError("the index is being rebuilt; try again when that is done")
            while True:
                path = root / f"{os.getpid()}-{random_part()}"
                make_folder(path)
                # A process that starts now may take a folder without a lock for an abandoned one.
                if (lock := _take(path)) is not None:
                    return cls(path, lock, index_lock)
        except OSError as error:
            raise WriteError(f"anything in {root}", error) from error

    @classmethod
    def abandoned(cls, home: Path) -> Iterator[Spool]:
        """Folders whose processes have ended, each locked for this one; close each."""
        root = home.absolute() / "spool"
        if not root.is_dir():
            return
        for path in sorted(root.iterdir()):
            if path.is_dir() and (lock := _take(path)) is not None:
                yield cls(path, lock)

    def files(self, pattern: str) -> list[Path]:
        """Files of the folder that match a glob pattern, by name."""
        return sorted(self.path.glob(pattern))

    def close(self) -> None:
        """Let go of the lock; an empty folder is removed first."""
        if self._lock < 0:
            return
        with contextlib.suppress(OSError):
            if [entry.name for entry in self.path.iterdir()] == [LOCK]:
                (self.path / LOCK).unlink()
                self.path.rmdir()
        os.close(self._lock)
        self._lock = -1
        if self._index_lock is not None:
            os.close(self._index_lock)


def lock_index(home: Path, *, exclusive: bool) -> int | None:
    """A descriptor that keeps the index file of a home in its place (shared, by who captures) or
    lets it be replaced (exclusive); None while somebody holds the other. Raises OSError."""
    lock = os.open(home.absolute() / _INDEX_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _take(path: Path) -> int | None:
    """A descriptor that holds the folder's lock; None while a living process has it."""
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    # Its owner may have removed the folder between our open and our lock.
    try:
        same = os.path.samestat(os.fstat(lock), (path / LOCK).stat())
    except FileNotFoundError:
        same = False
    if not same:
        os.close(lock)
        return None
    return lock
