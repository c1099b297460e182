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

_ROOMS: tuple[Any, ...] = (
    archive.appending,
    archive.files,
    archive.recovery,
    archive.segment,
    archive.store.local,
    archive.text_run,
)


def _put(room: Any, name: str, new: object) -> None:
    assert hasattr(room, name), f"{room} has no {name} any more"
    setattr(room, name, new)


def _replace(name: str, function: Callable[..., Any]) -> None:
    """Wherever the name was imported to."""
    found = [room for room in _ROOMS if hasattr(room, name)]
    assert found, f"nobody uses {name}"
    for room in found:
        _put(room, name, function)


def _no_fsync() -> None:
    """Groups are written, and never synced."""

    def sync(file: MemberFile) -> None:
        file._flush()

    _put(MemberFile, "sync", sync)


def _late_fsync() -> None:
    """A group is synced when the next one is written: told first, durable later."""
    wait: dict[int, None] = {}

    def sync(file: MemberFile) -> None:
        descriptor = file._file.fileno()
        if descriptor in wait:
            os.fsync(descriptor)
        wait[descriptor] = None
        file._flush()

    _put(MemberFile, "sync", sync)


def _no_folder_sync() -> None:
    """Files are synced, and their names are not."""
    _replace("sync_folder", lambda _path: None)


def _no_new_folder_sync() -> None:
    """Names of files are synced, and those of the folders above them are not."""
    _replace("make_folder", lambda path: path.mkdir(parents=True, exist_ok=True))


def _rename_first() -> None:
    """The new file takes the old one's name before its content is on the disk."""

    def write(path: Path, data: bytes) -> None:
        temporary = path.with_name(f"{path.name}.part")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            temporary.rename(path)
            os.fsync(file.fileno())
        archive.files.sync_folder(path.parent)

    _replace("write_durably", write)


class _Unsynced:
    """`os` for one module, where fsync forgets."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, descriptor: int) -> None:
        """Does nothing."""


def _no_store_fsync() -> None:
    """The copy in the store gets its name before its content is on the disk."""
    _put(archive.store.local, "os", _Unsynced())


def _no_store_folder_sync() -> None:
    """The spool is dropped before the store's names are on the disk."""
    _put(archive.store.local, "sync_folder", lambda _path: None)


_PLANTS: dict[str, Callable[[], None]] = {
    "no-fsync": _no_fsync,
    "late-fsync": _late_fsync,
    "no-folder-sync": _no_folder_sync,
    "no-new-folder-sync": _no_new_folder_sync,
    "rename-first": _rename_first,
    "no-store-fsync": _no_store_fsync,
    "no-store-folder-sync": _no_store_folder_sync,
}
NAMES = tuple(_PLANTS)


def plant(name: str) -> None:
    """Make this process have the bug."""
    _PLANTS[name]()
