"""Planted bugs, to show that the harness would find real ones.

`plant` patches functions of this process by name; the drivers of the harness call it with what the
variable MUTANT says. Product code knows nothing of it. A mutant whose function was renamed fails
loudly, with a status that no test takes for a find. `tests.faults.forgetful` has those that only
the replay of a power loss can find.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive import recovery, spool
from archive.appending import OPEN, MemberFile
from archive.errors import RecordError, SegmentUnknown
from archive.index import Index
from archive.names import key_of, sibling
from archive.store.base import StoredObject
from archive.store.content import Content
from archive.store.local import LocalStore
from tests.faults.forgetful import FORGETFUL
from tests.faults.swapping import swap

_indexes: list[Index] = []


def _nothing(file: MemberFile) -> None:
    """Instead of `sync`."""


def _remember_index() -> None:
    def make(open_index: Callable[..., None]) -> Callable[..., None]:
        def opened(index: Index, url: str) -> None:
            open_index(index, url)
            _indexes.append(index)

        return opened

    swap(Index, "__init__", make)


def _skip_truncate() -> None:
    """Recovery seals an open segment with whatever stands behind its last whole exchange."""

    def make(cut: Callable[..., bool]) -> Callable[..., bool]:
        def leave(path: Path, end: int, *rest: Any) -> bool:
            return cut(path, path.stat().st_size if end else 0, *rest)

        return leave

    swap(recovery, "_cut_and_rename", make)


def _truncate_to_index() -> None:
    """Recovery cuts an open segment where the index knows no more of it."""
    _remember_index()

    def make(cut: Callable[..., bool]) -> Callable[..., bool]:
        def cut_to_index(path: Path, end: int, *rest: Any) -> bool:
            if path.name.endswith(f".warc.gz{OPEN}"):
                rows = list(_indexes[-1].captures_of(path.name.removesuffix(OPEN)))
                end = max((row.offset + row.length for row in rows), default=0)
            return cut(path, end, *rest)

        return cut_to_index

    swap(recovery, "_cut_and_rename", make)


def _trust_index() -> None:
    """Recovery throws away segments that the index does not know."""

    def make(take_over: Callable[..., None]) -> Callable[..., None]:
        def known_only(path: Path, index: Index, *rest: Any) -> None:
            try:
                index.segment(path.name)
            except SegmentUnknown:
                path.unlink()
                raise RecordError("unknown") from None
            take_over(path, index, *rest)

        return known_only

    swap(recovery, "_take_over_segment", make)


def _forget_text() -> None:
    """Recovery throws open text runs away."""
    swap(recovery, "_seal_run", lambda _: _remove)


def _remove(path: Path, *_: Any) -> None:
    path.unlink()


def _no_lock() -> None:
    """Recovery takes the folders of living processes too."""

    def take(path: Path) -> int | None:
        return os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)

    swap(spool, "_take", lambda _: take)


def _index_first() -> None:
    """The rows of a group are committed before its records are written."""
    sync = MemberFile.sync

    def make(settle: Callable[[MemberFile], None]) -> Callable[[MemberFile], None]:
        def write_and_settle(file: MemberFile) -> None:
            sync(file)
            settle(file)

        return write_and_settle

    swap(MemberFile, "sync", lambda _: _nothing)
    swap(MemberFile, "settle", make)


def _acknowledge_first() -> None:
    """A group is acknowledged while it still waits in a buffer."""
    sync = MemberFile.sync

    def make(seal: Callable[[MemberFile], str]) -> Callable[[MemberFile], str]:
        def write_and_seal(file: MemberFile) -> str:
            sync(file)
            return seal(file)

        return write_and_seal

    swap(MemberFile, "sync", lambda _: _nothing)
    swap(MemberFile, "seal", make)


def _commit_later() -> None:
    """A group is acknowledged before its rows are committed: they go with the next group."""
    waiting: list[tuple[Any, ...]] = []

    def make(commit: Callable[..., None]) -> Callable[..., None]:
        def commit_earlier(index: Index, *rows: Any) -> None:
            waiting.append(rows)
            if len(waiting) > 1:
                commit(index, *waiting.pop(0))

        return commit_earlier

    swap(Index, "commit", make)


def _ignore_errors() -> None:
    """The disk may say what it wants when a group is made durable."""

    def make(sync: Callable[[MemberFile], None]) -> Callable[[MemberFile], None]:
        def hopefully(file: MemberFile) -> None:
            with contextlib.suppress(OSError):
                sync(file)

        return hopefully

    swap(MemberFile, "sync", make)


def _drop_spool_first() -> None:
    """A file leaves the spool before its object is written and verified."""

    def make(put_new: Callable[..., StoredObject]) -> Callable[..., StoredObject]:
        def move(store: LocalStore, key: str, source: bytes | Path) -> StoredObject:
            if isinstance(source, Path):
                data = source.read_bytes()
                source.unlink()
                source = data
            return put_new(store, key, source)

        return move

    swap(LocalStore, "put_new", make)


def _stored_first() -> None:
    """A segment counts as stored before its upload."""
    _remember_index()

    def make(put_new: Callable[..., StoredObject]) -> Callable[..., StoredObject]:
        def mark(store: LocalStore, key: str, source: bytes | Path) -> StoredObject:
            if key.startswith("warc/"):
                _indexes[-1].mark_stored(key.rpartition("/")[2])
            return put_new(store, key, source)

        return mark

    swap(LocalStore, "put_new", make)


def _manifest_first() -> None:
    """The manifest that vouches for a WARC is uploaded before it."""

    def make(put_new: Callable[..., StoredObject]) -> Callable[..., StoredObject]:
        def manifest(store: LocalStore, key: str, source: bytes | Path) -> StoredObject:
            if key.startswith("warc/") and isinstance(source, Path):
                name = sibling(source.name, "jsonl")
                put_new(store, key_of(name), source.with_name(name))
            return put_new(store, key, source)

        return manifest

    swap(LocalStore, "put_new", make)


def _overwrite() -> None:
    """An object that is there already with other bytes is replaced."""

    def replace(store: LocalStore, path: Path, content: Content, key: str) -> None:
        source = content.source
        path.write_bytes(source if isinstance(source, bytes) else source.read_bytes())

    swap(LocalStore, "_compare", lambda _: replace)


_PLANTS: dict[str, Callable[[], None]] = {
    "skip-truncate": _skip_truncate,
    "truncate-to-index": _truncate_to_index,
    "trust-index": _trust_index,
    "forget-text": _forget_text,
    "no-lock": _no_lock,
    "index-first": _index_first,
    "acknowledge-first": _acknowledge_first,
    "commit-later": _commit_later,
    "ignore-errors": _ignore_errors,
    "drop-spool-first": _drop_spool_first,
    "stored-first": _stored_first,
    "manifest-first": _manifest_first,
    "overwrite": _overwrite,
}
MUTANTS = tuple(_PLANTS)
"""Names of those that a kill can show."""

_PLANTS |= FORGETFUL


def plant(name: str | None) -> None:
    """Put a bug into this process. Raises KeyError, AttributeError for one that is none here."""
    if name:
        _PLANTS[name]()
