"""The spool: one folder a process under `<home>/spool`, held by a lock until the process ends.

<home>/spool/<process>-<10 of a-z2-7>/lock   what the process holds a flock on
                                     NAME.warc.gz.open, NAME.<run>.jsonl.gz.open   written to
                                     NAME.warc.gz, NAME.<run>.jsonl.gz   sealed, not yet stored
                                     NAME.cdxj.gz, NAME.jsonl, NAME.<run>.jsonl   side files
                                     *.part   still being made: a side file, a folder of `prepare`
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from archive.appending import OPEN
from archive.errors import WriteError
from archive.files import make_folder, sync_folder
from archive.names import random_part

LOCK = "lock"
"""File in a folder of the spool that its process holds a flock on."""

PART = ".part"
"""Ending of what is still being made: nobody was told of it."""

_MAIN = (".warc.gz", ".jsonl.gz")
"""Endings of what waits for the store, once it is sealed; side files go with these."""

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
        root = _root(home)
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
        for path in spool_folders(home):
            if (lock := _take(path)) is not None:
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


def spool_folders(home: Path) -> list[Path]:
    """The folders of all processes, living and ended, by name. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(path for path in _root(home).iterdir() if path.is_dir())
    return []


def is_held(folder: Path) -> bool:
    """Whether a living process holds the folder's lock. Raises OSError."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # Shared: two who only look do not take each other for the owner.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def is_open(path: Path) -> bool:
    """Whether the file is written to, or was when its process ended: it is not sealed."""
    return path.name.endswith(OPEN)


def is_main(path: Path) -> bool:
    """Whether it is a WARC or text file, open or sealed, and no side file of one."""
    return sealed_name(path).endswith(_MAIN)


def sealed_name(path: Path) -> str:
    """The name that the file has, or will have when it is sealed."""
    return path.name.removesuffix(OPEN)


def open_path(sealed: Path) -> Path:
    """Where the file lies until it is sealed."""
    return sealed.with_name(f"{sealed.name}{OPEN}")


def _root(home: Path) -> Path:
    return home.absolute() / "spool"


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
