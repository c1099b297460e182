"""Decisions in each kind of store: kept, listed, learnt of, and copied into a mirror."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.names import ACCESS
from archive.restrictions.register import Restrictions
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.store.mirror import MirroredStore
from archive.verify import verify
from tests.archive.restrictions.deciding import opened, withhold
from tests.archive.store import buckets
from tests.servers.ceph import S3Server
from tests.waiting import until

SECOND = "second"


def _keys(store: Store) -> list[str]:
    return [found.key for found in store.list(ACCESS)]


@pytest.fixture(params=["memory", "local", "s3", "mirrored"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """S3 lists in pages of ten."""
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "s3":
        server: S3Server = request.getfixturevalue("s3")
        with buckets.opened(server, server.make_bucket()) as bucket:
            yield bucket
    elif request.param == "local":
        yield LocalStore(tmp_path / "main")
    else:
        mirror = LocalStore(tmp_path / SECOND)
        waiting = MirrorWaitingList(f"sqlite:///{tmp_path}/state.db", mirror.uri)
        main = LocalStore(tmp_path / "main")
        with closing(MirroredStore(main, mirror, waiting, folder=tmp_path)) as both:
            yield both


def test_decisions_are_kept_and_learnt_of(store: Store, tmp_path: Path) -> None:
    with (
        opened(f"sqlite:///{tmp_path}/first.db", store) as first,
        opened(f"sqlite:///{tmp_path}/second.db", store) as second,
    ):
        learning = Restrictions(second.index)
        made = []
        for number in range(12):
            made.append(withhold(first, url=f"https://example.org/{number}").id)
            if number % 5 == 0:
                assert learning.refresh(store) == []
                assert [one.id for one in learning.rules().in_force] == sorted(made)
        assert learning.refresh(store) == []
        assert [one.id for one in learning.rules().in_force] == sorted(made)
        assert verify(second).findings == []
        assert len(_keys(store)) == 12
        if isinstance(store, MirroredStore):
            mirror = LocalStore(tmp_path / SECOND)
            until(lambda: _keys(mirror) == _keys(store))
