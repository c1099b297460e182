"""A new index in the place of the old one, while no process of this home captures."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.appending import OPEN
from archive.contents import read_contents
from archive.errors import IndexFailure, IndexUnavailable
from archive.index import Index
from archive.model import Segment
from archive.names import source_of
from archive.rebuild import Rebuilt, rebuild
from archive.spool import Spool, lock_index
from config.schema import Configuration
from crawler.opening import store_of

_SQLITE = "sqlite:///"
_SIDE_FILES = ("-wal", "-shm")


@contextmanager
def quiet_home(home: Path) -> Iterator[list[Spool]]:
    """Holds the index and what dead processes left in the spool. Raises IndexUnavailable while one
    captures."""
    lock = lock_index(home, exclusive=True) if home.is_dir() else None
    if lock is None:
        raise IndexUnavailable(
            f"a process is capturing into {home}, or there is no such folder: "
            "wait until it has ended, then rebuild"
        )
    held = list(Spool.abandoned(home))
    try:
        yield held
    finally:
        for one in held:
            one.close()
        os.close(lock)


def replace_index(
    configuration: Configuration, spools: list[Spool], advance: Callable[[int, int | None], None]
) -> Rebuilt:
    """Rebuild beside the old file, then take its place. Raises StoreError, IndexFailure.

    `spools`, which are held, are read too: what is only there is in no store yet.
    """
    file = Path(configuration.index_url.removeprefix(_SQLITE))
    fresh = file.with_name(f"{file.name}.new")
    _remove(fresh)
    store = store_of(configuration)
    old, new = _old(configuration.index_url, file), Index(f"{_SQLITE}{fresh}")
    try:
        store.check()
        _read_spools(new, spools)
        result = rebuild(store, new, old, advance)
    finally:
        new.close()
        if old is not None:
            old.close()
        store.close()
    # Closing has written the log back: the file alone is whole.
    _remove(file, keep=True)
    fresh.replace(file)
    return result


def _read_spools(new: Index, spools: list[Spool]) -> None:
    for spool in spools:
        for path in spool.files("*.warc.gz*"):
            name = path.name.removesuffix(OPEN)
            contents = read_contents(path, name)
            new.add_segment(
                Segment(
                    filename=name,
                    source=source_of(name),
                    state="spooled",
                    node=socket.gethostname(),
                    path=str(spool.path),
                )
            )
            new.commit(contents.captures)


def _old(url: str, file: Path) -> Index | None:
    """The present index, for what is only in a spool; None where it cannot be read."""
    if not file.exists():
        return None
    try:
        return Index(url)
    except IndexFailure:
        return None


def _remove(file: Path, *, keep: bool = False) -> None:
    for side in _SIDE_FILES:
        file.with_name(file.name + side).unlink(missing_ok=True)
    if not keep:
        file.unlink(missing_ok=True)
