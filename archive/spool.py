"""The spool: one folder a process under `<home>/spool`, held by a lock until the process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from archive.errors import WriteError
from archive.files import make_folder, sync_folder
from archive.names import random_part

LOCK = "lock"
"""File in a folder of the spool that its process holds a flock on."""

PART = ".part"
"""Ending of what is still being made: nobody was told of it."""

_TRIES, _PAUSE = 20, 0.005
"""How often, and seconds between: who looks at a lock holds it for an instant."""


class Spool:
    """A folder that only the holder of its flock may write to.

    The lock goes with the process, however it ends; whoever takes it afterwards may adopt the
    folder's segments. Descriptors are not inherited by child processes (PEP 446).
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path  #: absolute
        self._lock = lock

    @classmethod
    def create(cls, home: Path) -> Spool:
        """A new folder for this process. Raises WriteError."""
        root = home.absolute() / "spool"
        try:
            make_folder(root)
            while True:
                path = root / f"{os.getpid()}-{random_part()}"
                make_folder(path)
                # A process that starts now may take a folder without a lock for an abandoned one.
                if (lock := _take(path)) is not None:
                    return cls(path, lock)
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

    def prepare(self) -> Path:
        """A new folder within, for files that shall appear in the spool together or not at all.

        Recovery removes it with all that is in it. Raises OSError.
        """
        folder = self.path / f"{random_part()}{PART}"
        make_folder(folder)
        return folder

    def promote(self, folder: Path) -> Spool:
        """Make a folder of `prepare` a spool of its own; its files are durable. Raises OSError."""
        lock = _take(folder)
        if lock is None:
            raise BlockingIOError(f"{folder} is locked by another process")
        path = self.path.parent / f"{os.getpid()}-{random_part()}"
        try:
            sync_folder(folder)
            folder.rename(path)
            sync_folder(path.parent)
        except BaseException:
            os.close(lock)
            raise
        return Spool(path, lock)

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


def _take(path: Path) -> int | None:
    """A descriptor that holds the folder's lock; None while a living process has it."""
    try:
        lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except FileNotFoundError:
        return None
    if not _lock(lock):
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


def _lock(descriptor: int) -> bool:
    """Lock it, unless a living process owns it; who only looks (`is_held`) is no owner."""
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        time.sleep(_PAUSE)
    return False
