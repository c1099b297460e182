"""What lies in the spools of a home: how much, since when, and whether somebody looks after it."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archive.spool import LOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolUsage:
    """One process's folder."""

    path: Path
    alive: bool  #: whether the process that captures into it is still there
    size: int  #: bytes of all its files
    open: int  #: WARC and text files that are written to (or were, when the process died)
    sealed: int  #: WARC and text files that wait for the store
    oldest: float | None  #: seconds since the oldest of the sealed ones was closed


def spool_usage(home: Path) -> list[SpoolUsage]:
    """The folders under `<home>/spool`, by name. Raises OSError."""
    root = home.absolute() / "spool"
    if not root.is_dir():
        return []
    return [_usage(path) for path in sorted(root.iterdir()) if path.is_dir()]


def spool_size(home: Path) -> int:
    """Bytes of all files in the spools of a home. Raises OSError."""
    return sum(stat.st_size for folder in _folders(home) for _, stat in _files(folder))


def free_space(home: Path) -> int:
    """Bytes that an ordinary user may write where the home is, or would be. Raises OSError."""
    folder = home.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _folders(home: Path) -> list[Path]:
    root = home.absolute() / "spool"
    return [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []


def _usage(folder: Path) -> SpoolUsage:
    files = list(_files(folder))
    closed = [stat.st_mtime for name, stat in files if name.endswith((".warc.gz", ".jsonl.gz"))]
    return SpoolUsage(
        path=folder,
        alive=is_held(folder),
        size=sum(stat.st_size for _, stat in files),
        open=sum(name.endswith(".open") for name, _ in files),
        sealed=len(closed),
        oldest=max(time.time() - min(closed), 0.0) if closed else None,
    )


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Names and sizes; what an upload removes meanwhile is left out."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.name, entry.stat()


def is_held(folder: Path) -> bool:
    """Whether a living process holds the folder's lock."""
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
