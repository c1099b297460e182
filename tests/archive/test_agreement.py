"""Index and store compared by the names of files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.agreement import check_filled, compare, list_files
from archive.errors import FilesMissing
from archive.index import Index
from archive.model import Segment
from archive.names import key_of
from archive.store.base import Store, StoredObject
from archive.store.memory import MemoryStore

# In the order of their keys, by the day, which is not that of their names.
NAMES = [
    "zeta-20260101000000000-aaaaaaaaaa.warc.gz",
    "beta-20260102000000000-aaaaaaaaaa.warc.gz",
    "alpha-20260103000000000-aaaaaaaaaa.warc.gz",
    "gamma-20260103000000000-aaaaaaaaaa.warc.gz",
]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """It calls all but the last of NAMES stored, and the last one spooled."""
    with closing(Index(f"sqlite:///{tmp_path}/index.db")) as opened:
        for name in NAMES:
            enter(opened, name, stored=name != NAMES[-1])
        yield opened


def enter(index: Index, name: str, *, stored: bool = True) -> None:
    """Enter a segment."""
    segment = Segment(filename=name, source="s", state="spooled", node="here", path="/nowhere")
    index.add_segment(segment)
    if stored:
        index.mark_stored(name)


def store_of(*names: str) -> MemoryStore:
    """A store with these files, and others of no name."""
    store = MemoryStore()
    for key in (*map(key_of, names), "warc/readme", f"warc/2026/{NAMES[0]}"):
        store.put_new(key, b"")
    return store


def test_nothing_is_said_of_what_agrees(index: Index) -> None:
    found = compare(store_of(*NAMES), index)
    assert (found.stored, found.missing, found.unknown) == (3, [], [])
    assert (len(found.listing.keys), found.listing.whole) == (4, True)


def test_what_one_of_them_lacks_is_named_in_the_order_of_keys(index: Index) -> None:
    others = ["beta-20260101000000000-bbbbbbbbbb.warc.gz", "a-20260109000000000-bbbbbbbbbb.warc.gz"]
    found = compare(store_of(NAMES[2], *others), index)
    assert (found.missing, found.unknown) == (NAMES[:2], others)


def test_beyond_what_was_listed_nothing_is_said(index: Index) -> None:
    found = compare(store_of(*NAMES[1:]), index, most=2)
    assert not found.listing.whole
    assert found.missing == NAMES[:1]
    assert compare(store_of(*NAMES[:2]), index, most=2).missing == NAMES[2:3]


def test_without_an_index_all_is_unknown() -> None:
    found = compare(store_of(*NAMES), None)
    assert (found.stored, found.missing, found.unknown) == (0, [], NAMES)


class Busy(MemoryStore):
    """A store and its index, to which a capture comes while the store is listed."""

    def __init__(self, index: Index) -> None:
        super().__init__()
        self._index = index

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """See Store."""
        seen, unseen = (f"new-2026010{n}000000000-cccccccccc.warc.gz" for n in (1, 2))
        enter(self._index, seen)
        self.put_new(key_of(seen), b"")
        yield from super().list(prefix, start_after)
        self.put_new(key_of(unseen), b"")
        enter(self._index, unseen)


def test_what_is_captured_meanwhile_is_no_finding(tmp_path: Path) -> None:
    with closing(Index(f"sqlite:///{tmp_path}/index.db")) as index:
        found = compare(Busy(index), index)
        assert len(found.listing.keys) == 1
        assert len(index.segments("stored")) == 2
    assert (found.missing, found.unknown) == ([], [])


@pytest.mark.parametrize("mirrored", [False, True])
def test_empty_store_of_which_the_index_names_files_is_refused(mirrored: bool) -> None:
    with pytest.raises(FilesMissing, match="although 3 files are stored there") as caught:
        check_filled(MemoryStore(), 3, mirrored=mirrored)
    way_out = "verify --repair" if mirrored else "rebuild-index --forget-missing"
    assert f"`pressmark {way_out}`" in str(caught.value)


def described(store: Store) -> Store:
    """The store with a collection.json."""
    store.put_new("collection.json", b"{}")
    return store


@pytest.mark.parametrize(
    ("store", "stored"),
    [(MemoryStore(), 0), (described(MemoryStore()), 3), (store_of(NAMES[0]), 3)],
    ids=["new", "described", "filled"],
)
def test_store_that_may_be_written_to(store: Store, stored: int) -> None:
    before = list_files(store)
    check_filled(store, stored, mirrored=False)
    assert list_files(store) == before
