"""Two stores put right from each other, by what the manifests say."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Literal

from archive.description import are_others, values_of
from archive.digests import sha256_hex
from archive.errors import KeyInvalid, KeyMissing, KeyTaken, ObjectDamaged, RecordError
from archive.manifests import Manifest, parse_manifest
from archive.names import ACCESS, DESCRIPTION, decision_of, key_of
from archive.progress import Advance, unseen
from archive.restrictions.objects import is_whole
from archive.store.base import Store
from archive.store.copying import copy_object
from archive.store.mirror import MirroredStore
from archive.verify.segment import own_of

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
    folder: Path,
    advance: Advance = unseen,
) -> Iterator[Healed]:
    """Give each of two stores what the other one has whole, and it has not.

    Whole is what its manifest names, and a manifest that can be read, if its twin cannot; and a
    decision to withhold that has the bytes its name was made of. What no manifest speaks of stays
    as it is; so does everything where the stores are different collections by their descriptions.
    Reads both stores to the end; `folder` has room for the largest object.
    Raises StoreError where a store as a whole cannot be used; FilesMissing before anything else for
    a mirror that was filled before and is empty.
    """
    if isinstance(store, MirroredStore):
        store.check_mirror()
    main = store.main if isinstance(store, MirroredStore) else store
    both = _Both(main, mirror, folder)
    if not (yield from both.description()):
        return
    for key in both.keys(ACCESS):
        yield from both.decision(key)
    for number, key in enumerate(both.keys("manifests/")):
        advance(number, None)
        yield from both.manifest(key)


class _Both:
    def __init__(self, main: Store, mirror: Store, folder: Path) -> None:
        self._stores = (main, mirror)
        self._folder = folder

    def description(self) -> Generator[Healed, None, bool]:
        """What tells a collection from an empty folder; whether they may be one and the same."""
        states, whole = self._copies(DESCRIPTION, _is_description)
        if len(whole) == 2 and are_others(*whole):
            detail = "the stores are different collections, by this; copy the right one by hand"
            yield Healed(key=DESCRIPTION, store="", detail=detail)
            return False
        if whole:
            yield from self._put_right(DESCRIPTION, states, sha256_hex(whole[:1]))
        elif "bad" in states:
            yield Healed(key=DESCRIPTION, store="", detail="neither store has this whole")
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """Those that begin with it in either store, in their order."""
        listings = ((found.key for found in one.list(prefix)) for one in self._stores)
        return (key for key, _ in groupby(heapq.merge(*listings)))

    def decision(self, key: str) -> Iterator[Healed]:
        """One object; nothing of what is called as no decision is."""
        try:
            decision_of(key)
        except KeyInvalid:
            return
        states, whole = self._copies(key, partial(is_whole, key))
        if whole:
            yield from self._put_right(key, states, sha256_hex(whole[:1]))
        else:
            yield Healed(key=key, store="", detail="neither store has this decision whole")

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
        yield from self._put_right(key, states, sha256_hex([data]))
        own = _own_of(key)
        for name, line in manifest.objects.items():
            if name in own:
                yield from self._object(key_of(name), str(line.get("sha256")))
            else:
                detail = f"the manifest names {name!r}, which is of another"
                yield Healed(key=key, store="", detail=detail)

    def _copies(
        self, key: str, is_good: Callable[[bytes], bool]
    ) -> tuple[list[State], list[bytes]]:
        """How it is in each store, and those that are good."""
        copies = [_copy(one, key, is_good) for one in self._stores]
        return [state for state, _ in copies], [data for state, data in copies if state == "good"]

    def _object(self, key: str, sha256: str) -> Iterator[Healed]:
        states = [_state(one, key, sha256) for one in self._stores]
        if "good" in states:
            yield from self._put_right(key, states, sha256)
        else:
            yield Healed(key=key, store="", detail="neither store has this object whole")

    def _put_right(self, key: str, states: list[State], sha256: str) -> Iterator[Healed]:
        origin = self._stores[states.index("good")]
        for target, state in zip(self._stores, states, strict=True):
            if state == "good":
                continue
            right = state == "bad"
            try:
                copy_object(key, origin, target, self._folder, sha256=sha256, right=right)
            except (KeyMissing, KeyTaken, ObjectDamaged) as error:
                # Changed since we looked; the next object may be better off.
                yield Healed(key=key, store="", detail=str(error))
            else:
                detail = "it was damaged" if right else "it was missing"
                yield Healed(key=key, store=target.uri, detail=detail)


def _own_of(key: str) -> set[str]:
    """Names of what the manifest may vouch for; none when its own name is none of a collection."""
    try:
        return own_of(key.rpartition("/")[2])
    except KeyInvalid:
        return set()


def _is_description(data: bytes) -> bool:
    return values_of(data) is not None


def _copy(store: Store, key: str, is_good: Callable[[bytes], bool]) -> tuple[State, bytes]:
    try:
        data = store.get(key)
        return ("good" if is_good(data) else "bad"), data
    except KeyMissing:
        return "missing", b""
    except ObjectDamaged:
        return "bad", b""


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
