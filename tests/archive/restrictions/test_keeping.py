"""Decisions in what keeps a collection: rebuild, verify, the mirror and its repair."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.index import Index
from archive.names import ACCESS
from archive.rebuild import rebuild
from archive.restrictions.objects import key_of_decision
from archive.restrictions.register import Restrictions
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.verify import heal, verify
from tests.archive.kept import Changeable, Kept, kept
from tests.archive.restrictions.deciding import opened, withhold

__all__ = ["kept"]

URL = "https://example.org/0/0"


def decisions_in(index_url: str) -> dict[str, str]:
    """What an index knows."""
    index = Index(index_url)
    try:
        return index.decisions.all()
    finally:
        index.close()


def test_a_rebuilt_index_withholds_the_same(index_url: str, tmp_path: Path) -> None:
    store = MemoryStore()
    with opened(index_url, store) as collection:
        lifted = withhold(collection, url=URL)
        withhold(collection, url=URL, match="host")
        Restrictions(collection.index).lift(collection, lifted.id, "settled")
        before = collection.index.decisions.all()
        rules = Restrictions(collection.index)
        assert len(rules.rules().in_force) == 1
        assert rebuild(store, index_url, home=tmp_path) == []
        # An open index goes on with the new one.
        assert collection.index.decisions.all() == before
        assert len(rules.rules().in_force) == 1
    assert len(before) == 3
    other = f"sqlite:///{tmp_path}/elsewhere.db"
    assert rebuild(store, other, home=tmp_path) == []
    assert decisions_in(other) == before


def test_a_rebuild_takes_up_what_was_decided_meanwhile(index_url: str, tmp_path: Path) -> None:
    class Deciding(MemoryStore):
        """While the first decision is read somebody makes another one."""

        decide: Callable[[], object] | None = None

        def get(self, key: str) -> bytes:
            if key.startswith(ACCESS) and self.decide is not None:
                decide, self.decide = self.decide, None
                decide()
            return super().get(key)

    store = Deciding()
    with opened(index_url, store) as collection:
        first = withhold(collection, url=URL)
        made = []
        # The listing of decisions is over, or will not name it.
        store.decide = lambda: made.append(withhold(collection, url=URL, match="host").id)
        assert rebuild(store, index_url, home=tmp_path) == []
        assert collection.index.decisions.all().keys() == {first.id, *made}
    assert len(made) == 1


def test_a_decision_whose_object_is_damaged_is_obeyed_further(kept: Kept, tmp_path: Path) -> None:
    collection = kept.open()
    try:
        damaged, lost = withhold(collection, url=URL), withhold(collection, url=URL, match="host")
    finally:
        collection.close()
    kept.store.change(key_of_decision(damaged), _damage)
    kept.store.drop(key_of_decision(lost))
    url = f"sqlite:///{kept.database}"
    unread = rebuild(kept.store, url, home=tmp_path)
    assert sorted(line.partition(":")[0] for line in unread) == sorted(
        key_of_decision(one) for one in (damaged, lost)
    )
    assert decisions_in(url).keys() == {damaged.id, lost.id}
    rebuild(kept.store, url, home=tmp_path, forget_missing=True)
    assert decisions_in(url) == {}


def _findings(kept: Kept) -> set[tuple[str, str]]:
    return {(finding.kind, finding.name) for finding in kept.audit().findings}


def test_verify_reads_decisions(kept: Kept) -> None:
    objects = kept.audit().objects
    collection = kept.open()
    try:
        first, second, third = (withhold(collection, url=f"{URL}/{number}") for number in range(3))
    finally:
        collection.close()
    assert _findings(kept) == set()
    assert kept.audit().objects == objects + 3
    kept.store.change(key_of_decision(first), lambda data: data[:-10])
    kept.store.drop(key_of_decision(second))
    kept.sql(f"DELETE FROM decisions WHERE id = '{third.id}'")
    kept.store.put_new("access/2026/11/22/notes.txt", b"by somebody")
    expected = {
        ("bad", key_of_decision(first)),
        ("missing", key_of_decision(second)),
        ("unindexed", key_of_decision(third)),
        ("orphan", "access/2026/11/22/notes.txt"),
    }
    assert _findings(kept) == expected
    assert {(found.kind, found.name) for found in kept.audit(sample=1).findings} == expected


def _damage(data: bytes) -> bytes:
    return data.replace(b"exact", b"exect")


def test_stores_are_healed_from_each_other(tmp_path: Path) -> None:
    store, mirror = Changeable(), Changeable()
    with opened(f"sqlite:///{tmp_path}/index.db", store) as collection:
        keys = [key_of_decision(withhold(collection, url=f"{URL}/{n}")) for n in range(4)]
    for stored in store.list(""):
        mirror.put_new(stored.key, store.get(stored.key))
    store.change(keys[0], _damage)
    mirror.drop(keys[1])
    for one in (store, mirror):
        one.change(keys[2], _damage)
        one.put_new("access/notes.txt", b"by somebody")
    healed = {(one.key, bool(one.store)) for one in heal(store, mirror, folder=tmp_path)}
    assert healed == {(keys[0], True), (keys[1], True), (keys[2], False)}
    assert store.get(keys[0]) == mirror.get(keys[0])
    assert store.get(keys[1]) == mirror.get(keys[1])


@pytest.mark.parametrize("damaged", [False, True])
def test_a_decision_of_a_later_pressmark_is_told(tmp_path: Path, damaged: bool) -> None:
    """It may withhold what we show: whoever verifies or serves has to know."""
    data = b'{"format": 2, "created": "2026-11-22T09:30:00.123000Z", "decision": "blur"}\n'
    letters = base64.b32encode(hashlib.sha256(data).digest()).decode().lower()[:10]
    key = f"access/2026/11/22/20261122093000123-{letters}.json"
    store = LocalStore(tmp_path / "collection")
    store.put_new(key, data + b" " if damaged else data)
    with opened(f"sqlite:///{tmp_path}/index.db", store) as collection:
        (finding,) = verify(Collection(store, collection.index)).findings
        assert (finding.kind, finding.name) == ("bad", key)
        assert ("is of format 2" in finding.detail) != damaged
