"""What lies in the spools of a home, whoever's they are: which files, how much, since when."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from archive.spool import is_held, is_main, is_open, spool_folders

LATE = timedelta(days=1)
"""Age of a run that is in no store and not in our spools, from which on the spool of another
machine is no likely place for it any more."""


def spooled_files(home: Path) -> Iterator[Path]:
    """WARC and text files, open or sealed, as they lie there in this moment. Raises OSError."""
    # Folders and files go away while they are looked at: uploads end, processes end.
    for folder in spool_folders(home):
        with suppress(FileNotFoundError):
            yield from sorted(path for path in folder.iterdir() if is_main(path))


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
    """The folders of all processes, by name. Raises OSError."""
    return [_usage(folder) for folder in spool_folders(home)]


def spool_size(home: Path) -> int:
    """Bytes of all files in the spools of a home. Raises OSError."""
    return sum(stat.st_size for folder in spool_folders(home) for _, stat in _files(folder))


def free_space(home: Path) -> int:
    """Bytes that an ordinary user may write where the home is, or would be. Raises OSError."""
    folder = home.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _usage(folder: Path) -> SpoolUsage:
    files = list(_files(folder))
    main = [(path, stat) for path, stat in files if is_main(path)]
    closed = [stat.st_mtime for path, stat in main if not is_open(path)]
    return SpoolUsage(
        path=folder,
        alive=is_held(folder),
        size=sum(stat.st_size for _, stat in files),
        open=len(main) - len(closed),
        sealed=len(closed),
        oldest=max(time.time() - min(closed), 0.0) if closed else None,
    )


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Paths and sizes; what an upload removes meanwhile is left out."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield Path(entry.path), entry.stat()
