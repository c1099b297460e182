"""Files and folders that are still there, under their names, after the power was cut."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

_durable: set[Path] = set()
"""Folders whose names this process has synced."""


def make_folder(path: Path) -> None:
    """Make it and what is missing above it, durably: what lies in it must not lose its name.

    Raises OSError.
    """
    if path.is_dir():
        # Another process may have made it a moment ago: its name need not be synced yet. Those
        # above it are, they were before it was made.
        if path not in _durable:
            # Where we may not look we, or a process like us, cannot have made it.
            with contextlib.suppress(PermissionError):
                sync_folder(path.parent)
    else:
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
    _durable.add(path)


def try_lock(path: Path) -> int | None:
    """A descriptor that holds an exclusive lock on a file, which is made; None while another does.

    Close it to let go; it goes with the process. Raises OSError.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def sync_folder(path: Path) -> None:
    """Make names that were created or changed in a folder durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes) -> None:
    """Create or replace a file: a crash leaves the old one or the new one. Raises OSError."""
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    sync_folder(path.parent)
