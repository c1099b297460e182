"""Whether a store is the one that an index speaks of: by its description and the names of files.

An empty place looks like a new collection: a disk that is not mounted, a bucket that is another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from archive.description import are_others, stored_description
from archive.errors import FilesMissing, KeyInvalid, KeyMissing, OtherCollection
from archive.index import Index
from archive.names import DESCRIPTION, key_of
from archive.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """WARC files of a store, from the first one on."""

    keys: list[str]  #: in their order
    whole: bool  #: whether these are all

    def lacks(self, filenames: Iterable[str]) -> list[str]:
        """Those that are not there, in the order of keys, as far as the listing goes."""
        there = set(self.keys)
        last = self.keys[-1] if self.keys else ""
        absent = sorted(key for key in map(key_of, filenames) if key not in there)
        return [_name(key) for key in absent if self.whole or key < last]

    def unknown(self, filenames: Iterable[str]) -> list[str]:
        """Those that are there besides, in the order of keys."""
        known = set(map(key_of, filenames))
        return [_name(key) for key in self.keys if key not in known]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What index and store say of each other."""

    stored: int  #: files that the index calls stored
    listing: Listing
    missing: list[str]  #: names of those that are not there
    unknown: list[str]  #: names of files that the index does not know


def list_files(store: Store, most: int | None = None) -> Listing:
    """WARC files of a store, `most` of them at the most. Raises StoreError."""
    keys = (found.key for found in store.list("warc/") if _is_file(found.key))
    there = list(islice(keys, most))
    return Listing(keys=there, whole=next(keys, None) is None)


def compare(store: Store, index: Index | None, most: int | None = None) -> Agreement:
    """By the first `most` files of the store, or all. Raises StoreError, IndexFailure.

    What is captured meanwhile is no finding.
    """
    stored = [segment.filename for segment in index.segments("stored")] if index else []
    listing = list_files(store, most)
    known = [segment.filename for segment in index.segments()] if index else []
    return Agreement(
        stored=len(stored),
        listing=listing,
        missing=listing.lacks(stored),
        unknown=listing.unknown(known),
    )


def check_same(store: Store, known: str | None, stored: int) -> None:
    """Raises OtherCollection when the store has another description than `known`; StoreError.

    None: any will do, and so it will for an index that calls no file stored, wherever it was used
    before. A damaged one, which `heal` puts right, says nothing.
    """
    if known is None or not stored:
        return
    found = stored_description(store)
    if found is not None and are_others(found, known):
        raise OtherCollection(store.uri)


def check_ours(store: Store, index: Index | None, *, mirrored: bool) -> None:
    """`check_same` and `check_filled` by what the index says. Raises StoreError, IndexFailure."""
    if index is not None:
        stored = len(index.segments("stored"))
        check_same(store, index.collection(), stored)
        check_filled(store, stored, mirrored=mirrored)


def check_filled(store: Store, stored: int, *, mirrored: bool) -> None:
    """Raises FilesMissing when the store is empty although the index names `stored` files in it.

    `mirrored`: it has a mirror that can fill it again. Raises StoreError.
    """
    if not stored:
        return
    try:
        store.head(DESCRIPTION)
    except KeyMissing as error:
        if list_files(store, 1).keys:
            return
        way_out = (
            f"copy {DESCRIPTION} of its mirror into it and run `pressmark verify --repair`"
            if mirrored
            else "run `pressmark rebuild-index --forget-missing`"
        )
        raise FilesMissing(
            f"{store.uri} is empty, although {stored} files are stored there by the index, and "
            "nothing is written to it: mount its disk, or correct `collection`; if it is really a "
            f"new one, {way_out}"
        ) from error


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _is_file(key: str) -> bool:
    try:
        return key_of(_name(key)) == key
    except KeyInvalid:
        return False
