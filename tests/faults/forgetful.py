"""Planted bugs that no kill can show, because the page cache outlives a process.

Each is what somebody could write who has not thought of power failures; the replay must see all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import archive.appending
import archive.files
import archive.recovery
import archive.segment
import archive.store.local
import archive.text_run
from archive.appending import MemberFile
from tests.faults.swapping import swap

_ROOMS: tuple[Any, ...] = (
    archive.appending,
    archive.files,
    archive.recovery,
    archive.segment,
    archive.store.local,
    archive.text_run,
)


def _everywhere(name: str, function: Callable[..., Any]) -> None:
    """Wherever the name was imported to. Raises AttributeError where nobody uses it."""
    for room in [room for room in _ROOMS if hasattr(room, name)] or _ROOMS:
        swap(room, name, lambda _: function)


def _nothing(path: Path) -> None:
    """Instead of `sync_folder`."""


def _no_fsync() -> None:
    """Groups are written, and never synced."""

    def sync(file: MemberFile) -> None:
        file._flush()

    swap(MemberFile, "sync", lambda _: sync)


def _late_fsync() -> None:
    """A group is synced when the next one is written: told first, durable later."""
    wait: dict[int, None] = {}

    def sync(file: MemberFile) -> None:
        descriptor = file._file.fileno()
        if descriptor in wait:
            os.fsync(descriptor)
        wait[descriptor] = None
        file._flush()

    swap(MemberFile, "sync", lambda _: sync)


def _no_folder_sync() -> None:
    """Files are synced, and their names are not."""
    _everywhere("sync_folder", _nothing)


def _no_new_folder_sync() -> None:
    """Names of files are synced, and those of the folders above them are not."""
    _everywhere("make_folder", lambda path: path.mkdir(parents=True, exist_ok=True))


class _Unsynced:
    """`os` for one module, where fsync forgets."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, descriptor: int) -> None:
        """Does nothing."""


def _no_cut_fsync() -> None:
    """Recovery gives a file its sealed name before it is cut on the disk."""
    swap(archive.recovery, "os", lambda _: _Unsynced())


def _no_store_fsync() -> None:
    """The copy in the store gets its name before its content is on the disk."""
    swap(archive.store.local, "os", lambda _: _Unsynced())


def _no_store_folder_sync() -> None:
    """The spool is dropped before the store's names are on the disk."""
    swap(archive.store.local, "sync_folder", lambda _: _nothing)


FORGETFUL: dict[str, Callable[[], None]] = {
    "no-fsync": _no_fsync,
    "late-fsync": _late_fsync,
    "no-folder-sync": _no_folder_sync,
    "no-new-folder-sync": _no_new_folder_sync,
    "no-cut-fsync": _no_cut_fsync,
    "no-store-fsync": _no_store_fsync,
    "no-store-folder-sync": _no_store_folder_sync,
}
"""What plants each of them, by name."""
