"""A store that is stuck: who reads it waits, and nobody else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from archive.timestamps import to_timestamp
from archive.web import server
from archive.web.site import Site
from archive.web.store_threads import StoreThreads
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import STARTED, page
from tests.keeping import archive_messages
from tests.waiting import until

_URL = "http://example.org/"
_RAW = f"/web/{to_timestamp(STARTED)}id_/{_URL}"
_LONG = 60.0


class _Stuck:
    """Reads of a store that last until they are let go."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = site.collection.store.read
        self.begun = 0
        self.ended = 0
        self.go = threading.Event()
        monkeypatch.setattr(site.collection.store, "read", self.read)

    def read(self, key: str, offset: int, length: int) -> bytes:
        self.begun += 1
        self.go.wait(_LONG)
        self.ended += 1
        return self._read(key, offset, length)


@contextmanager
def _filled(folder: Path) -> Iterator[Site]:
    with open_site(f"sqlite:///{folder}/index.db") as site:
        archive_messages(site.collection, (_URL, page(), 0))
        yield site


@contextmanager
def _asked(running: Served, number: int) -> Iterator[list[int]]:
    """So many clients ask for the body; the statuses that they got so far."""
    statuses: list[int] = []

    def ask() -> None:
        try:
            statuses.append(httpx.get(running.url + _RAW, timeout=_LONG).status_code)
        except httpx.HTTPError:
            statuses.append(0)  # the server has ended

    clients = [threading.Thread(target=ask) for _ in range(number)]
    for client in clients:
        client.start()
    try:
        yield statuses
    finally:
        for client in clients:
            client.join()


def test_who_asks_the_index_does_not_wait_for_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _filled(tmp_path) as site:
        stuck = _Stuck(site, monkeypatch)
        waiting = StoreThreads(threads=2, most=12)
        with served(replace(site, store_threads=waiting)) as running:
            with _asked(running, 13) as statuses:
                # One is too many; two read, and the others wait for them.
                until(lambda: stuck.begun == 2 and statuses == [503])
                try:
                    found = running.get(f"/cdx?url={_URL}")
                    assert (found.status_code, found.text.count("\n")) == (200, 1)
                    assert stuck.ended == 0
                finally:
                    stuck.go.set()
            assert sorted(statuses) == [200] * 12 + [503]
            assert running.get(_RAW).status_code == 200, "there is room again"


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_end_does_not_wait_for_a_store_that_is_stuck(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    monkeypatch.setattr(server, "_GRACE", 1)
    threads = StoreThreads() if elsewhere else None
    with _filled(tmp_path) as site, ExitStack() as clients:
        stuck = _Stuck(site, monkeypatch)
        clients.callback(stuck.go.set)
        with served(replace(site, store_threads=threads)) as running:
            clients.enter_context(_asked(running, 1))
            clients.callback(stuck.go.set)
            until(lambda: stuck.begun == 1)
        assert stuck.ended == 0
