"""MirroredStore: every object in both stores, whatever happens to the second one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import KeyTaken, StoreError, StoreUnavailable
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store, StoredObject
from archive.store.copying import copy_object, missing
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.store.mirror import MirroredStore
from tests.archive.store.buckets import opened
from tests.archive.store.conformance import KEY, MIB, StoreConformance, noise
from tests.servers.ceph import S3Server
from tests.waiting import until

DESCRIPTION = "collection.json"

pytestmark = pytest.mark.unsound_warcs


class Kept:
    """The two stores of one home, and the waiting list between them."""

    def __init__(self, folder: Path) -> None:
        self.main = LocalStore(folder / "main")
        self.second = LocalStore(folder / "second")
        self.url = f"sqlite:///{folder}/state.db"
        self.folder = folder

    def waiting(self) -> MirrorWaitingList:
        return MirrorWaitingList(self.url, self.second.uri)

    def open(self, mirror: Store | None = None) -> MirroredStore:
        return MirroredStore(
            self.main, mirror or self.second, self.waiting(), folder=self.folder, closing_seconds=30
        )

    def count(self) -> int:
        with closing(self.waiting()) as waiting:
            return waiting.count()[0]

    def keys(self, store: Store) -> list[str]:
        return [stored.key for stored in store.list("")]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


class TestMirroredStore(StoreConformance):
    """It does all that stores do."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        kept = Kept(tmp_path)
        store = kept.open()
        yield store
        store._closing_seconds = 0  # nothing is to be waited for
        store.close()


def test_every_object_is_in_both(kept: Kept) -> None:
    with closing(kept.open()) as store:
        store.put_new(DESCRIPTION, b"{}")
        store.put_new("warc/a", noise(3 * MIB))
        store.put_new("warc/b", b"b")
    assert kept.keys(kept.main) == kept.keys(kept.second) == [DESCRIPTION, "warc/a", "warc/b"]
    assert kept.second.get("warc/a") == noise(3 * MIB)
    assert kept.count() == 0
    assert sorted(path.name for path in kept.folder.iterdir()) == ["main", "second", "state.db"]


def test_new_mirror_is_given_what_was_there_before(kept: Kept) -> None:
    for key in (DESCRIPTION, "text/c", "warc/a", "probe/0123"):
        kept.main.put_new(key, key.encode())
    kept.second.put_new("text/c", b"text/c")
    with closing(kept.open()) as store:
        store.put_new("warc/d", b"d")
    assert kept.keys(kept.second) == [DESCRIPTION, "text/c", "warc/a", "warc/d"]
    assert kept.count() == 0


class Away(LocalStore):
    """A folder that does not answer until it is told to."""

    away = True

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        if self.away:
            raise StoreUnavailable("no answer", key)
        return super().put_new(key, source)


def test_mirror_that_is_away_holds_nothing_up(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    away = Away(kept.second.folder)
    with closing(kept.open(away)) as store, caplog.at_level(logging.WARNING):
        store.put_new(DESCRIPTION, b"{}")
        for number in range(5):
            store.put_new(f"warc/{number}", b"x")
        until(lambda: "waits: no answer" in caplog.text)
        assert len(kept.keys(kept.main)) == 6
    assert kept.count() == 6
    # The next process catches up, by its first write.
    with closing(kept.open()) as store:
        store.put_new("warc/5", b"x")
    assert kept.keys(kept.second) == kept.keys(kept.main)
    assert kept.count() == 0


def test_mirror_that_comes_back_is_caught_up_by_itself(kept: Kept) -> None:
    away = Away(kept.second.folder)
    with closing(kept.open(away)) as store:
        store.put_new(DESCRIPTION, b"{}")
        store.put_new("warc/a", b"a")
        away.away = False
        until(lambda: kept.keys(kept.second) == kept.keys(kept.main))


def test_object_that_was_noted_and_never_written(kept: Kept) -> None:
    """A crash between the two: it is written later, or never."""
    kept.main.put_new(DESCRIPTION, b"{}")
    with closing(kept.waiting()) as waiting:
        waiting.add(["warc/never", "warc/a"])
    with closing(kept.open()) as store:
        store.put_new("warc/a", b"a")
    assert kept.keys(kept.second) == [DESCRIPTION, "warc/a"]
    assert kept.count() == 1


def test_object_that_differs_stays_and_holds_up_no_others(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.second.put_new("warc/a", b"other")
    with closing(kept.open()) as store, caplog.at_level(logging.WARNING):
        store.put_new(DESCRIPTION, b"{}")
        store.put_new("warc/a", b"a")
        store.put_new("warc/b", b"b")
    assert "warc/a is not in the mirror" in caplog.text
    assert kept.second.get("warc/a") == b"other"
    assert kept.second.get("warc/b") == b"b"


def test_disk_that_is_not_mounted_is_not_filled_anew(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(kept.open()) as store:
        store.put_new(DESCRIPTION, b"{}")
    kept.second.folder.rename(kept.folder / "unmounted")
    kept.second.folder.mkdir()
    with closing(kept.open()) as store, caplog.at_level(logging.WARNING):
        store.put_new("warc/a", b"a")
        until(lambda: "mount its disk" in caplog.text)
    assert kept.keys(kept.second) == []
    assert kept.count() == 1


def test_another_collection_is_not_added_to(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    with closing(kept.open()) as store:
        store.put_new(DESCRIPTION, b"{}")
    (kept.second.folder / DESCRIPTION).unlink()
    kept.second.put_new(DESCRIPTION, b'{"name": "other"}')
    with closing(kept.open()) as store, caplog.at_level(logging.WARNING):
        store.put_new("warc/a", b"a")
        until(lambda: "is another collection" in caplog.text)
    assert kept.keys(kept.second) == [DESCRIPTION]
    assert kept.count() == 1


def test_mirror_may_be_described_in_another_way(kept: Kept) -> None:
    kept.second.put_new(DESCRIPTION, b'{ "format":1 }')
    with closing(kept.open()) as store:
        store.put_new(DESCRIPTION, b'{"format": 1}')
        store.put_new("warc/a", b"a")
    assert kept.keys(kept.second) == [DESCRIPTION, "warc/a"]
    assert kept.second.get(DESCRIPTION) == b'{ "format":1 }'
    assert kept.count() == 0


@pytest.mark.parametrize("where", ["main", "second"])
def test_damaged_description_is_no_other_collection(
    kept: Kept, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    kept.main.put_new(DESCRIPTION, b"{" if where == "main" else b"{}")
    kept.second.put_new(DESCRIPTION, b"{" if where == "second" else b"{}")
    with closing(kept.open()) as store, caplog.at_level(logging.WARNING):
        store.put_new("warc/a", b"a")
        until(lambda: f"{where} is damaged, and nothing is copied" in caplog.text)
    assert kept.keys(kept.second) == [DESCRIPTION]
    assert kept.count() == 1


def test_put_that_cannot_be_noted_is_not_made(kept: Kept) -> None:
    (kept.folder / "state.db").write_bytes(b"something else" * 1000)
    with (
        closing(kept.open()) as store,
        pytest.raises(StoreError, match="nothing can be noted for the mirror") as error,
    ):
        store.put_new("warc/a", b"a")
    assert not isinstance(error.value, StoreUnavailable)  # which would be tried again and again
    assert kept.keys(kept.main) == []


def test_put_that_fails_in_the_main_store_fails(kept: Kept) -> None:
    kept.main.put_new("warc/a", b"other")
    with closing(kept.open()) as store, pytest.raises(KeyTaken):
        store.put_new("warc/a", b"a")


def test_bucket_as_mirror(kept: Kept, s3: S3Server, s3_bucket: str) -> None:
    """In parts, and from a file that has no name."""
    with opened(s3, s3_bucket, "copy") as mirror, closing(kept.open(mirror)) as store:
        store.put_new(DESCRIPTION, b"{}")
        store.put_new(KEY, noise(17 * MIB))
    with opened(s3, s3_bucket, "copy") as copy:
        assert copy.get(KEY) == noise(17 * MIB)


def test_what_is_missing(tmp_path: Path) -> None:
    one, other = MemoryStore(), MemoryStore()
    for key in ("a", "b/c", "b-c", "d", "probe/1"):
        one.put_new(key, b"")
    for key in ("b-c", "c", "d"):
        other.put_new(key, b"")
    assert list(missing(one, other)) == ["a", "b/c"]
    assert list(missing(other, one)) == ["c"]
    assert list(missing(one, one)) == []
    copy_object("a", one, other, tmp_path)
    assert list(missing(one, other)) == ["b/c"]
