from __future__ import annotations

import errno
import gzip
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.errors import (
    AccessDenied,
    BucketMissing,
    KeyInvalid,
    KeyMissing,
    ObjectDamaged,
    StoreUnavailable,
    StoreUnsupported,
)
from archive.store.base import Store
from archive.store.local import LocalStore
from tests.archive.store.conformance import KEY, StoreConformance


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a collection; not there yet."""
    return tmp_path / "archives" / "collection"


@pytest.fixture
def local(folder: Path) -> LocalStore:
    return LocalStore(folder)


@pytest.mark.unsound_warcs
class TestLocalStore(StoreConformance):
    @pytest.fixture
    def store(self, local: LocalStore) -> Store:
        return local


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.unsound_warcs
def test_objects_are_plain_files(local: LocalStore, folder: Path) -> None:
    local.put_new(KEY, gzip.compress(b"WARC/1.1\r\n"))
    assert gzip.decompress((folder / KEY).read_bytes()) == b"WARC/1.1\r\n"
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [KEY.split("/")[-1]]


def test_uri_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert LocalStore(Path("my data")).uri == f"file://{tmp_path}/my%20data"


def test_file_and_its_folders_are_synced(
    local: LocalStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes first, then the entry that names them, and each new folder in the one above."""
    synced: list[str] = []
    sync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    local.put_new("warc/2026/a", b"x")
    above = folder.parent
    folders = [above.parent.parent, above.parent, above, folder, folder / "warc"]
    assert synced[:5] == [str(path) for path in folders]
    assert Path(synced[5]).name.startswith(".tmp-")
    assert synced[6:] == [str(folder / "warc/2026")]


def test_temporary_files_are_not_objects(local: LocalStore, folder: Path) -> None:
    local.put_new("warc/a", b"a")
    (folder / "warc" / ".tmp-0123456789abcdef").write_bytes(b"half")
    (folder / ".tmp-dir").mkdir()
    (folder / ".tmp-dir" / "b").write_bytes(b"b")
    assert [o.key for o in local.list("")] == ["warc/a"]


def test_foreign_files_are_not_objects(local: LocalStore, folder: Path) -> None:
    local.put_new("warc/a", b"a")
    (folder / "README.TXT").write_bytes(b"mine")
    (folder / "warc" / "gone").symlink_to("nowhere")
    (folder / "Notes").mkdir()
    (folder / "Notes" / "b").write_bytes(b"b")
    assert [o.key for o in local.list("")] == ["warc/a"]


def test_abandoned_temporary_files_go_and_fresh_ones_stay(local: LocalStore, folder: Path) -> None:
    local.put_new("warc/a", b"a")
    old, fresh = folder / "warc" / ".tmp-old", folder / "warc" / ".tmp-fresh"
    for left in (old, fresh):
        left.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    local.put_new("warc/b", b"b")
    assert (old.exists(), fresh.exists()) == (False, True)


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        (errno.ENOSPC, StoreUnavailable, "make room"),
        (errno.EDQUOT, StoreUnavailable, "make room"),
        (errno.EIO, StoreUnavailable, "check the disk"),
        (errno.EACCES, AccessDenied, "permission"),
        (errno.EROFS, AccessDenied, "mount it writable"),
    ],
)
def test_failed_write_says_what_to_do(
    local: LocalStore,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    kind: type[Exception],
    remedy: str,
) -> None:
    """The kernel cannot be made to fail on every machine, so its answer is put in its place."""
    monkeypatch.setattr(os, "fsync", failing(code))
    folder.mkdir(parents=True)
    with pytest.raises(kind, match=remedy):
        local.put_new("a", b"x")
    assert list(folder.iterdir()) == []


def test_no_hard_links(local: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """What FAT and some network file systems answer."""
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    with pytest.raises(StoreUnsupported, match="hard links"):
        local.put_new("a", b"x")
    with pytest.raises(KeyMissing):
        local.get("a")


def test_disk_that_gives_back_other_bytes(
    local: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stands for a disk that says it wrote; the file loses its end once it was synced."""
    sync = os.fsync

    def losing(descriptor: int) -> None:
        sync(descriptor)
        if "/.tmp-" in os.path.realpath(f"/proc/self/fd/{descriptor}"):
            os.ftruncate(descriptor, 2)

    monkeypatch.setattr(os, "fsync", losing)
    with pytest.raises(ObjectDamaged):
        local.put_new("a", b"abcdef")
    with pytest.raises(KeyMissing):
        local.get("a")


def test_key_below_an_object(local: LocalStore) -> None:
    local.put_new("a", b"x")
    with pytest.raises(KeyInvalid):
        local.put_new("a/b", b"x")
    with pytest.raises(KeyMissing):
        local.get("a/b")


def test_key_that_is_a_folder(local: LocalStore) -> None:
    local.put_new("a/b", b"x")
    with pytest.raises(KeyInvalid):
        local.put_new("a", b"x")


def test_check_makes_nothing(local: LocalStore, folder: Path) -> None:
    local.check()
    assert not folder.parent.exists()


def test_check_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "file", tmp_path / "file" / "collection"):
        with pytest.raises(BucketMissing, match="is not a folder"):
            LocalStore(place).check()


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Root may write anywhere, so it becomes another user for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_folder_that_may_not_be_written(unprivileged: None) -> None:
    store = LocalStore(Path("/usr/collection"))
    with pytest.raises(AccessDenied, match="permission"):
        store.check()
    with pytest.raises(AccessDenied, match="permission"):
        store.put_new("warc/a", b"x")


def test_put_where_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BucketMissing, match="is not a folder"):
        LocalStore(tmp_path / "file").put_new("warc/a", b"x")
