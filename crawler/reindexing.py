"""A new index in the place of the old one, while no process of this home captures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.errors import IndexFailure, IndexUnavailable
from archive.index import Index
from archive.rebuild import Rebuilt, rebuild
from archive.spool import Spool
from config.schema import Configuration
from crawler.opening import store_of

_SQLITE = "sqlite:///"
_SIDE_FILES = ("-wal", "-shm")


@contextmanager
def quiet_home(home: Path) -> Iterator[None]:
    """Holds what dead processes left in the spool. Raises IndexUnavailable while one captures."""
    held = list(Spool.abandoned(home))
    try:
        spool = home.absolute() / "spool"
        folders = {path for path in spool.iterdir() if path.is_dir()} if spool.is_dir() else set()
        if folders - {one.path for one in held}:
            raise IndexUnavailable(
                f"a process is capturing into {home}: wait until it has ended, then rebuild"
            )
        yield
    finally:
        for one in held:
            one.close()


def replace_index(
    configuration: Configuration, advance: Callable[[int, int | None], None]
) -> Rebuilt:
    """Rebuild beside the old file, then take its place. Raises StoreError, IndexFailure."""
    file = Path(configuration.index_url.removeprefix(_SQLITE))
    fresh = file.with_name(f"{file.name}.new")
    _remove(fresh)
    store = store_of(configuration)
    old, new = _old(configuration.index_url, file), Index(f"{_SQLITE}{fresh}")
    try:
        store.check()
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
