"""Two stores put right from each other, by what the manifests say."""

from __future__ import annotations

import hashlib
import heapq
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from archive.errors import KeyMissing, ObjectDamaged, RecordError, StoreUnavailable
from archive.manifests import Manifest, parse_manifest
from archive.names import key_of
from archive.store.base import Store
from archive.store.mirror import MirroredStore

State = Literal["good", "bad", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Healed:
    """What was done about one object, or could not be."""

    key: str
    store: str  #: URI of the store that was put right; "" when nothing could be done
    detail: str  #: one sentence


def heal(
    store: Store,
    mirror: Store,
    *,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Iterator[Healed]:
    """Give each of two stores what the other one has whole, and it has not.

    Whole is what its manifest names, and a manifest that can be read, if its twin cannot. What no
    manifest speaks of stays as it is. Reads both stores to the end. Raises StoreError.
    """
    main = store.main if isinstance(store, MirroredStore) else store
    both = _Both(main, mirror)
    keys = heapq.merge(*((found.key for found in one.list("manifests/")) for one in (main, mirror)))
    for number, (key, _) in enumerate(groupby(keys)):
        progress(number, None)
        yield from both.manifest(key)


class _Both:
    def __init__(self, main: Store, mirror: Store) -> None:
        self._stores = (main, mirror)

    def manifest(self, key: str) -> Iterator[Healed]:
        """The manifest, then the objects that it names."""
        copies = [_manifest(one, key) for one in self._stores]
        states: list[State] = [state for state, _, _ in copies]
        whole = [(data, manifest) for _, data, manifest in copies if manifest is not None]
        if not whole:
            yield Healed(key=key, store="", detail="neither store has this manifest whole")
            return
        if len(whole) == 2 and whole[0][0] != whole[1][0]:
            yield Healed(key=key, store="", detail="the stores have different manifests")
            return
        data, manifest = whole[0]
        yield from self._put_right(key, states, lambda _: data)
        for name, line in manifest.objects.items():
            yield from self._object(key_of(name), str(line.get("sha256")))

    def _object(self, key: str, sha256: str) -> Iterator[Healed]:
        states = [_state(one, key, sha256) for one in self._stores]
        if "good" not in states:
            yield Healed(key=key, store="", detail="neither store has this object whole")
            return
        if set(states) == {"good"}:
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "object"

            def fetched(origin: Store) -> Path:
                try:
                    with path.open("wb") as file:
                        for piece in origin.stream(key):
                            file.write(piece)
                except OSError as error:
                    raise StoreUnavailable(
                        f"{key} cannot be copied by way of {folder}: {error.strerror}; "
                        "make room there, or set TMPDIR",
                        key,
                    ) from error
                return path

            yield from self._put_right(key, states, fetched)

    def _put_right(
        self, key: str, states: list[State], source: Callable[[Store], bytes | Path]
    ) -> Iterator[Healed]:
        origin = self._stores[states.index("good")]
        for target, state in zip(self._stores, states, strict=True):
            if state == "missing":
                target.put_new(key, source(origin))
                yield Healed(key=key, store=target.uri, detail="it was missing")
            elif state == "bad":
                target.put_right(key, source(origin))
                yield Healed(key=key, store=target.uri, detail="it was damaged")


def _manifest(store: Store, key: str) -> tuple[State, bytes, Manifest | None]:
    try:
        data = store.get(key)
        return "good", data, parse_manifest(data, key)
    except KeyMissing:
        return "missing", b"", None
    except (RecordError, ObjectDamaged):
        return "bad", b"", None


def _state(store: Store, key: str, sha256: str) -> State:
    digest = hashlib.sha256()
    try:
        with suppress(ObjectDamaged):
            for piece in store.stream(key):
                digest.update(piece)
    except KeyMissing:
        return "missing"
    return "good" if digest.hexdigest() == sha256 else "bad"
