"""From one store into another: an object, and which keys the other one lacks."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from archive.errors import ObjectDamaged, StoreUnavailable
from archive.store.base import SCRATCH, Store, StoredObject
from archive.store.refusals import disk_remedy


def copy_object(
    key: str,
    origin: Store,
    target: Store,
    folder: Path,
    *,
    sha256: str | None = None,
    right: bool = False,
) -> StoredObject:
    """One object from store to store, by a file in `folder` that has no name.

    `sha256`: the hex digest that it has to have, where that is known. `right`: write over what
    `target` has. Raises StoreError; KeyMissing when `origin` has none, KeyTaken when `target` has
    another, ObjectDamaged when that of `origin` has another digest: then nothing was written.
    """
    digest = hashlib.sha256()
    try:
        # Without a name, so that nothing is left by a process that is killed.
        with tempfile.TemporaryFile(dir=folder) as file:
            for piece in origin.stream(key):
                digest.update(piece)
                file.write(piece)
            file.flush()
            if sha256 not in (None, digest.hexdigest()):
                raise ObjectDamaged(
                    f"{origin.uri} sent {key} with other bytes than its manifest names: "
                    "try again, and check its disk if that goes on",
                    key,
                )
            put = target.put_right if right else target.put_new
            return put(key, Path(f"/proc/self/fd/{file.fileno()}"))
    except OSError as error:
        raise StoreUnavailable(
            f"{key} cannot be copied by way of {folder}: "
            f"{error.strerror}; {disk_remedy(error, 'home')}",
            key,
        ) from error


def missing(store: Store, mirror: Store) -> Iterator[str]:
    """Keys that `store` has and `mirror` has not, by their listings; sizes are not looked at."""
    theirs = mirror.list("")
    other = next(theirs, None)
    for stored in store.list(""):
        while other is not None and other.key < stored.key:
            other = next(theirs, None)
        if (other is None or other.key != stored.key) and not stored.key.startswith(SCRATCH):
            yield stored.key
