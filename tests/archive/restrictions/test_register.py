from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.collection import Collection
from archive.errors import (
    IndexDamaged,
    IndexFailure,
    IndexUnavailable,
    RestrictionLifted,
    RestrictionUnknown,
    StoreUnavailable,
    Withheld,
)
from archive.index import Index
from archive.names import ACCESS
from archive.restrictions import objects
from archive.restrictions.objects import key_of_decision, new_lifting, new_restriction
from archive.restrictions.refreshing import Refreshing
from archive.restrictions.register import Restrictions
from archive.store.base import StoredObject
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.timestamps import now
from archive.view import View
from tests.archive.restrictions.deciding import REASON, opened, withhold
from tests.keeping import archive_messages
from tests.waiting import until

URL = "https://example.org/a"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Away(MemoryStore):
    """A store that can go away, and notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.listed: list[str] = []

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        self._answer()
        return super().put_new(key, source)

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        self._answer()
        self.listed.append(start_after)
        return super().list(prefix, start_after)

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("it is away")


def in_force(collection: Collection) -> list[str]:
    """Ids of what withholds now."""
    return sorted(one.id for one in Restrictions(collection.index).rules().in_force)


def test_the_object_is_there_before_the_row(index_url: str) -> None:
    with opened(index_url) as collection:
        decision = withhold(collection, url=URL)
        assert [found.key for found in collection.store.list(ACCESS)] == [key_of_decision(decision)]
        assert in_force(collection) == [decision.id]


def test_a_store_that_is_away_withholds_nothing(index_url: str) -> None:
    store = Away()
    with opened(index_url, store) as collection:
        collection.ensure()
        store.away = True
        with pytest.raises(StoreUnavailable):
            withhold(collection, url=URL)
        assert in_force(collection) == []
        assert collection.index.decisions.all() == {}


def test_a_restriction_is_lifted_by_another_decision(index_url: str) -> None:
    with opened(index_url) as collection:
        first, second = withhold(collection, url=URL), withhold(collection, url=URL, match="host")
        register = Restrictions(collection.index)
        lifted = register.lift(collection, first.id, "settled")
        assert in_force(collection) == [second.id]
        told = {one.restriction.id: one for one in register.standings()}
        assert told[first.id] == lifted
        assert lifted.lifted is not None
        assert (told[first.id].in_force, told[second.id].in_force) == (False, True)
        assert len(list(collection.store.list(ACCESS))) == 3
        for unknown in ("no-such-id", lifted.lifted.id):
            with pytest.raises(RestrictionUnknown, match=unknown):
                register.lift(collection, unknown)
        with pytest.raises(RestrictionLifted, match=first.id):
            register.lift(collection, first.id, "again")
        assert len(list(collection.store.list(ACCESS))) == 3


def test_those_with_another_database_learn_of_it_from_the_store(
    index_url: str, tmp_path: Path
) -> None:
    store = Away()
    with opened(index_url, store) as here, opened(f"sqlite:///{tmp_path}/other.db", store) as there:
        archive_messages(here, (URL, PAGE, 0))
        learnt = Restrictions(there.index)
        decision = withhold(here, url=URL)
        assert in_force(there) == []
        assert learnt.refresh(store) == []
        assert in_force(there) == [decision.id]
        Restrictions(here.index).lift(here, decision.id)
        learnt.refresh(store)
        assert in_force(there) == []
        # Whoever lifts looks for what it does not know.
        other = withhold(here, url=URL)
        learnt.lift(there, other.id)
        # What another database knows nothing of yet is found in the store.
        with pytest.raises(RestrictionLifted):
            Restrictions(here.index).lift(here, other.id)
        Restrictions(here.index).refresh(store)
        assert in_force(here) == []


def test_of_two_that_lift_the_first_counts(index_url: str) -> None:
    with opened(index_url) as collection:
        decision = withhold(collection, url=URL)
        made = (new_lifting(decision.id, reason) for reason in ("one", "another"))
        first, second = sorted(made, key=lambda lifting: lifting[0].id)
        for lifting, data in (second, first):
            collection.store.put_new(key_of_decision(lifting), data)
        register = Restrictions(collection.index)
        register.refresh(collection.store)
        (standing,) = register.standings()
        assert standing.lifted == first[0]


def test_a_damaged_object_is_told_once_and_stands_in_nobodys_way(
    index_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = LocalStore(tmp_path / "collection")
    with opened(f"sqlite:///{tmp_path}/first.db", store) as first:
        damaged, whole = withhold(first, url=URL), withhold(first, url=URL, match="host")
    path = tmp_path / "collection" / key_of_decision(damaged)
    path.write_bytes(path.read_bytes().replace(b"exact", b"exect"))
    with opened(index_url, store) as collection:
        register = Restrictions(collection.index)
        for _ in range(2):
            (line,) = register.refresh(store)
            assert damaged.id in line
        assert in_force(collection) == [whole.id]
        errors = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert len(errors) == 1


def _refuse(contents: Any) -> None:
    raise IndexUnavailable("it cannot be written")


def test_a_decision_of_a_newer_pressmark_is_not_called_damaged(
    index_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(index_url) as collection:
        with monkeypatch.context() as newer:
            newer.setattr(objects, "FORMAT", 2)
            decision, data = new_restriction(url=URL, reason=REASON)
        collection.index.decisions.add({decision.id: data.decode()})
        view = View(collection)
        for _ in range(2):
            with pytest.raises(IndexFailure, match="use the one that wrote it") as raised:
                view.find(URL)
            assert decision.id in str(raised.value)
            assert "rebuild-index" not in str(raised.value)


def test_a_damaged_copy_of_a_decision_shows_nothing(index_url: str) -> None:
    with opened(index_url) as collection:
        decision, data = new_restriction(url=URL, reason=REASON)
        collection.index.decisions.add({decision.id: data.decode().replace("exact", "exect")})
        with pytest.raises(IndexDamaged, match="rebuild-index"):
            View(collection).find(URL)


def test_an_index_that_cannot_be_written_is_no_excuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    with opened(f"sqlite:///{tmp_path}/first.db", store) as first:
        withhold(first, url=URL)
    index = Index(f"sqlite:///{tmp_path}/second.db")
    monkeypatch.setattr(index.decisions, "add", _refuse)
    collection = Collection(store, index)
    try:
        archive_messages(collection, (URL, PAGE, 0))
        view = View(collection)
        assert view.find(URL).url == URL
        view.restrictions.refresh(store)
        with pytest.raises(Withheld):
            view.find(URL)
        # Other decisions in the database do not make it forget.
        view.restrictions.refresh(store)
        with pytest.raises(Withheld):
            view.find(URL)
        decision, data = new_restriction(url=URL, reason=REASON)
        with pytest.raises(IndexUnavailable, match=f"{decision.id} is in the store"):
            view.restrictions.decide(collection, decision, data)
    finally:
        collection.close()


def test_what_was_learnt_is_not_forgotten_by_who_began_to_read_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(f"sqlite:///{tmp_path}/index.db") as collection:
        decisions = collection.index.decisions
        monkeypatch.setattr(decisions, "add", _refuse)
        decision, data = new_restriction(url=URL, reason=REASON)
        collection.store.put_new(key_of_decision(decision), data)
        register = Restrictions(collection.index)
        began, may_end = threading.Event(), threading.Event()
        every = decisions.all

        def slow() -> dict[str, str]:
            if not began.is_set():
                began.set()
                assert may_end.wait(60)
            return every()

        monkeypatch.setattr(decisions, "all", slow)
        threads = [
            threading.Thread(target=register.rules),
            threading.Thread(target=register.refresh, args=(collection.store,)),
        ]
        threads[0].start()
        assert began.wait(60)
        threads[1].start()
        threads[1].join(0.2)  # it may wait for the first
        may_end.set()
        for thread in threads:
            thread.join()
        assert register.rules().in_force == (decision,)


def test_two_who_decide_at_once_are_both_obeyed(index_url: str) -> None:
    with opened(index_url) as one, opened(index_url, one.store) as other:
        one.ensure()
        made: list[str] = []

        def decide(collection: Collection, number: int) -> None:
            made.append(withhold(collection, url=f"https://example.org/{number}").id)

        watching = Restrictions(one.index)
        watching.rules()
        threads = [
            threading.Thread(target=decide, args=(collection, number))
            for number, collection in enumerate([one, other] * 5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found.id for found in watching.rules().in_force) == sorted(made)
        assert len(made) == 10


def test_a_server_learns_of_decisions_as_long_as_it_runs(tmp_path: Path) -> None:
    store = Away()
    with (
        opened(f"sqlite:///{tmp_path}/first.db", store) as first,
        opened(f"sqlite:///{tmp_path}/second.db", store) as second,
    ):
        before = withhold(first, url=URL)
        register = Restrictions(second.index)
        with Refreshing(register, store, seconds=0.01):
            assert [one.id for one in register.rules().in_force] == [before.id]
            after = withhold(first, url="https://example.org/b")
            until(lambda: len(register.rules().in_force) == 2)
        assert {one.id for one in register.rules().in_force} == {before.id, after.id}


def test_a_failure_that_nobody_thought_of_does_not_end_the_learning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(MemoryStore):
        fails = False

        def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
            if self.fails:
                raise LookupError("nobody thought of this")
            return super().list(prefix, start_after)

    store = Odd()
    with (
        opened(f"sqlite:///{tmp_path}/first.db", store) as first,
        opened(f"sqlite:///{tmp_path}/second.db", store) as second,
    ):
        register = Restrictions(second.index)
        with Refreshing(register, store, seconds=0.01):
            store.fails = True
            until(lambda: "nobody thought of this" in caplog.text)
            withhold(first, url=URL)
            store.fails = False
            until(register.rules)


def test_a_server_begins_without_its_store(tmp_path: Path) -> None:
    store = Away()
    with (
        opened(f"sqlite:///{tmp_path}/first.db", store) as first,
        opened(f"sqlite:///{tmp_path}/second.db", store) as second,
    ):
        withhold(first, url=URL)
        store.away = True
        register = Restrictions(second.index)
        with Refreshing(register, store, seconds=0.01):
            assert not register.rules()
            store.away = False
            until(register.rules)


def test_a_decision_that_arrives_long_after_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    with opened(f"sqlite:///{tmp_path}/index.db", store) as collection:
        with monkeypatch.context() as earlier:
            earlier.setattr(objects, "now", lambda: now() - timedelta(days=30))
            late, data = new_restriction(reason=REASON, url=URL)
        newer = withhold(collection, url="https://example.org/b")
        register = Restrictions(collection.index)
        register.refresh(store)
        assert [one.id for one in register.rules().in_force] == [newer.id]
        store.put_new(key_of_decision(late), data)  # such as from a mirror
        register.refresh(store)
        assert {one.id for one in register.rules().in_force} == {late.id, newer.id}
