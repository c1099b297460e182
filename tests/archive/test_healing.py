"""Two stores heal each other, and what neither has whole is named."""

from __future__ import annotations

import pytest

from archive.store.base import Store
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
    kept: Kept, mirror: Changeable, folder: str, how: str, where: str
) -> None:
    whole, key = _all(kept.store), kept.key(folder)
    hurt = kept.store if where == "main" else mirror
    if how == "damaged":
        hurt.change(key, _damage)
    else:
        hurt.drop(key)
    assert list(heal(kept.store, mirror)) == [
        Healed(key=key, store=hurt.uri, detail=f"it was {how}")
    ]
    assert _all(kept.store) == _all(mirror) == whole
    assert kept.audit().findings == []
    assert list(heal(kept.store, mirror)) == []


@pytest.mark.parametrize("folder", _FOLDERS)
def test_what_neither_has_whole_is_named_and_left(
    kept: Kept, mirror: Changeable, folder: str
) -> None:
    key = kept.key(folder)
    kept.store.change(key, _damage)
    mirror.drop(key)
    before = _all(kept.store)
    (said,) = heal(kept.store, mirror)
    assert (said.key, said.store) == (key, "")
    assert _all(kept.store) == before


def test_manifests_that_differ_are_left_to_people(kept: Kept, mirror: Changeable) -> None:
    key = kept.key("manifests")
    mirror.change(key, lambda data: data.replace(b'"size": ', b'"size": 1'))
    (said,) = heal(kept.store, mirror)
    assert (said.key, said.store) == (key, "")
    collection = kept.open()
    assert verify(collection).findings == []
    collection.close()
