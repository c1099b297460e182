"""Two stores heal each other, and what neither has whole is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import FilesMissing, StoreUnavailable
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store
from archive.store.mirror import MirroredStore
from archive.verify import Healed, heal, verify
from tests.archive.kept import Changeable, Kept, kept

__all__ = ["kept"]  # a fixture

_FOLDERS = ["warc", "cdxj", "text", "manifests", "manifests text"]


@pytest.fixture
def mirror(kept: Kept) -> Changeable:
    """A store with the same objects."""
    other = Changeable()
    other.uri = "memory:mirror"
    for stored in kept.store.list(""):
        other.put_new(stored.key, kept.store.get(stored.key))
    return other


def _all(store: Store) -> dict[str, bytes]:
    return {stored.key: store.get(stored.key) for stored in store.list("")}


def _damage(data: bytes) -> bytes:
    return bytes([data[0] ^ 0x10]) + data[1:]


@pytest.mark.parametrize("folder", _FOLDERS)
@pytest.mark.parametrize("how", ["damaged", "missing"])
@pytest.mark.parametrize("where", ["main", "mirror"])
def test_one_is_healed_from_the_other(
    kept: Kept, mirror: Changeable, tmp_path: Path, folder: str, how: str, where: str
) -> None:
    whole, key = _all(kept.store), kept.key(folder)
    hurt = kept.store if where == "main" else mirror
    if how == "damaged":
        hurt.change(key, _damage)
    else:
        hurt.drop(key)
    assert list(heal(kept.store, mirror, folder=tmp_path)) == [
        Healed(key=key, store=hurt.uri, detail=f"it was {how}")
    ]
    assert _all(kept.store) == _all(mirror) == whole
    assert kept.audit().findings == []
    assert list(heal(kept.store, mirror, folder=tmp_path)) == []


@pytest.mark.parametrize("folder", _FOLDERS)
def test_what_neither_has_whole_is_named_and_left(
    kept: Kept, mirror: Changeable, tmp_path: Path, folder: str
) -> None:
    key = kept.key(folder)
    kept.store.change(key, _damage)
    mirror.drop(key)
    before = _all(kept.store)
    (said,) = heal(kept.store, mirror, folder=tmp_path)
    assert (said.key, said.store) == (key, "")
    assert _all(kept.store) == before


def test_manifests_that_differ_are_left_to_people(
    kept: Kept, mirror: Changeable, tmp_path: Path
) -> None:
    key = kept.key("manifests")
    mirror.change(key, lambda data: data.replace(b'"size": ', b'"size": 1'))
    (said,) = heal(kept.store, mirror, folder=tmp_path)
    assert (said.key, said.store) == (key, "")
    collection = kept.open()
    assert verify(collection).findings == []
    collection.close()


@pytest.mark.parametrize("name", ["x", "../../x", "", "of another segment"])
def test_manifest_that_names_what_is_not_its_own_holds_up_nothing(
    kept: Kept, mirror: Changeable, tmp_path: Path, name: str
) -> None:
    key, lost = kept.key("manifests"), kept.key("text")
    stranger = kept.captures[2].filename if name == "of another segment" else name
    line = json.dumps({"object": stranger, "size": 1, "sha256": "0"}).encode()
    for store in (kept.store, mirror):
        store.change(key, lambda data: data + line + b"\n")
    mirror.drop(lost)
    healed, odd = heal(kept.store, mirror, folder=tmp_path)
    assert (odd.key, odd.store) == (key, "")
    assert repr(stranger) in odd.detail
    assert (healed.key, healed.store) == (lost, mirror.uri)


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_what_changes_between_two_looks_is_not_copied(
    kept: Kept, mirror: Changeable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    key, lost = kept.key("warc"), kept.key("text")
    if how == "damaged":
        mirror.change(key, _damage)
    else:
        mirror.drop(key)
    mirror.drop(lost)
    before = _all(mirror)
    stream, looks = kept.store.stream, []

    def worse(name: str) -> Iterator[bytes]:
        if name == key:
            looks.append(name)
        for piece in stream(name):
            yield _damage(piece) if name == key and len(looks) > 1 else piece

    monkeypatch.setattr(kept.store, "stream", worse)
    healed, left = heal(kept.store, mirror, folder=tmp_path)
    assert (left.key, left.store) == (key, "")
    assert (healed.key, healed.store) == (lost, mirror.uri)
    assert {name: data for name, data in _all(mirror).items() if name != lost} == before


@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff"])
@pytest.mark.parametrize("where", ["main", "mirror"])
def test_description_is_healed_too(
    kept: Kept, mirror: Changeable, tmp_path: Path, content: bytes | None, where: str
) -> None:
    hurt, other = (kept.store, mirror) if where == "main" else (mirror, kept.store)
    other.put_new("collection.json", b'{"format": 1}')
    if content is not None:
        hurt.put_new("collection.json", content)
    (healed,) = heal(kept.store, mirror, folder=tmp_path)
    assert (healed.key, healed.store) == ("collection.json", hurt.uri)
    assert _all(kept.store) == _all(mirror)


def test_descriptions_written_in_two_ways_are_one(
    kept: Kept, mirror: Changeable, tmp_path: Path
) -> None:
    kept.store.put_new("collection.json", b'{"format": 1, "name": "a"}')
    mirror.put_new("collection.json", b'{"name":"a","format":1}')
    mirror.drop(kept.key("warc"))
    (healed,) = heal(kept.store, mirror, folder=tmp_path)
    assert (healed.key, healed.store) == (kept.key("warc"), mirror.uri)


def test_different_descriptions_are_named_and_left(
    kept: Kept, mirror: Changeable, tmp_path: Path
) -> None:
    kept.store.put_new("collection.json", b'{"format": 1}')
    mirror.put_new("collection.json", b'{"format": 1, "name": "other"}')
    mirror.drop(kept.key("warc"))
    before = _all(mirror)
    (said,) = heal(kept.store, mirror, folder=tmp_path)
    assert (said.key, said.store) == ("collection.json", "")
    assert _all(mirror) == before


def test_emptied_mirror_is_left_until_it_is_told_to_be_new(
    kept: Kept, mirror: Changeable, tmp_path: Path
) -> None:
    """Its disk is probably not mounted."""
    kept.store.put_new("collection.json", b'{"format": 1}')
    waiting = MirrorWaitingList(f"sqlite:///{tmp_path}/state.db", mirror.uri)
    waiting.compared()
    for key in _all(mirror):
        mirror.drop(key)
    both = MirroredStore(kept.store, mirror, waiting, folder=tmp_path)
    with pytest.raises(FilesMissing, match=r"is empty, although .*copy .*collection\.json"):
        list(heal(both, mirror, folder=tmp_path))
    assert _all(mirror) == {}
    mirror.put_new("collection.json", b"")
    assert all(one.store == mirror.uri for one in heal(both, mirror, folder=tmp_path))
    both.check_mirror()
    assert _all(mirror) == _all(kept.store)
    waiting.close()


def test_copies_go_by_way_of_the_folder(kept: Kept, mirror: Changeable, tmp_path: Path) -> None:
    mirror.drop(kept.key("warc"))
    with pytest.raises(
        StoreUnavailable, match=r"by way of .*nowhere: No such file.*check the disk"
    ):
        list(heal(kept.store, mirror, folder=tmp_path / "nowhere"))
    assert kept.key("warc") not in _all(mirror)
