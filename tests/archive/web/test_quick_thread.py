"""The thread of what is done soon: order, errors, and who does not wait for it."""

from __future__ import annotations

import asyncio
import gzip
import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from archive.timestamps import to_timestamp
from archive.web import quick_thread
from archive.web.quick_thread import QuickThread
from archive.web.store_threads import StoreThreads
from tests.archive.restrictions.deciding import withhold
from tests.archive.versions.archived import URL, Archive
from tests.archive.web.serving import open_site, served
from tests.exchanges import STARTED, page, response
from tests.keeping import archive_messages
from tests.waiting import until

_URL = "http://example.org/"
_RAW = f"/web/{to_timestamp(STARTED)}id_/{_URL}"


def test_all_is_done_in_one_thread_in_the_order_it_was_asked_for() -> None:
    done: list[tuple[int, str]] = []

    def work(number: int) -> int:
        done.append((number, threading.current_thread().name))
        return number * 2

    async def ask() -> list[int]:
        quick = QuickThread()
        try:
            return await asyncio.gather(*(quick.call(work, number) for number in range(500)))
        finally:
            quick.shutdown(wait=True)

    assert asyncio.run(ask()) == [number * 2 for number in range(500)]
    assert done == [(number, "web-quick") for number in range(500)]


def test_what_it_raises_is_raised_and_the_next_is_done() -> None:
    async def ask() -> tuple[object, object]:
        quick = QuickThread()
        try:
            return await asyncio.gather(
                quick.call(int, "one"), quick.call(int, "2"), return_exceptions=True
            )
        finally:
            quick.shutdown(wait=True)

    failed, done = asyncio.run(ask())
    assert isinstance(failed, ValueError)
    assert done == 2


def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    begun: list[str] = []

    async def ask() -> int:
        quick, go = QuickThread(), threading.Event()
        first = asyncio.create_task(quick.call(go.wait))
        left = asyncio.create_task(quick.call(begun.append, "left"))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.sleep(0)
        go.set()
        assert await first
        last = await quick.call(len, begun)
        quick.shutdown(wait=True)
        return last

    assert asyncio.run(ask()) == 0
    assert not begun


def test_it_may_end_after_its_loop() -> None:
    quick, go = QuickThread(), threading.Event()

    async def ask() -> None:
        asyncio.create_task(quick.call(go.wait)).add_done_callback(lambda _: None)
        await asyncio.sleep(0)

    asyncio.run(ask())
    go.set()
    quick.shutdown(wait=True)


def test_others_do_not_wait_for_what_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_thread, "_LATE", 0.0)
    quick, go = QuickThread(), threading.Event()
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        archive_messages(site.collection, (_URL, page(), 0))

        async def stick() -> None:
            waiting = asyncio.create_task(replace(site, quick=quick).look_up(go.wait))
            await asyncio.to_thread(until, lambda: quick.is_late)
            name = await replace(site, quick=quick).look_up(lambda: threading.current_thread().name)
            assert name.startswith("web_"), "one of the others did it"
            go.set()
            assert await waiting
            assert not quick.is_late

        asyncio.run(stick())
        quick.shutdown(wait=True)


@pytest.mark.parametrize(
    "path",
    [
        f"/web/{URL}",
        f"/wayback/available?url={URL}",
        f"/api/v1/captures/2027/{URL}",
        f"/api/v1/check?url={URL}",
    ],
)
def test_what_a_revisit_repeats_is_read_by_those_who_wait_for_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    names: list[str] = []
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        archive = Archive(site.collection)
        hidden, shown = archive.add(), archive.add()
        archive.add_revisit(hidden)
        withhold(site.collection, url=URL, start=hidden.timestamp, end=hidden.timestamp)
        read = site.collection.store.read

        def noted(key: str, offset: int, length: int) -> bytes:
            names.append(threading.current_thread().name)
            return read(key, offset, length)

        monkeypatch.setattr(site.collection.store, "read", noted)
        store_threads = StoreThreads()
        with served(replace(site, store_threads=store_threads)) as running:
            answer = running.get(path)
        store_threads.shutdown(wait=True)
    assert shown.timestamp in answer.headers.get("location", answer.text)
    assert names
    assert all(name.startswith("store_") for name in names), names


_LONG = 1 << 22


@pytest.mark.parametrize(
    ("message", "threads"),
    [
        (page(), ["web-quick"]),
        (response(random.Random(1).randbytes(_LONG)), ["web_"]),
        (response(bytes(_LONG)), ["web-quick", "web_"]),
        (response(gzip.compress(bytes(_LONG)), b"Content-Encoding: gzip"), ["web-quick", "web_"]),
    ],
    ids=["short", "long in its file", "long when it is unpacked", "long when it is decoded"],
)
def test_what_may_take_long_is_done_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: bytes, threads: list[str]
) -> None:
    """Each by who read the record; the last of them gave the answer."""
    names: list[str] = []
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        archive_messages(site.collection, (_URL, message, 0))
        read = site.collection.store.read

        def noted(key: str, offset: int, length: int) -> bytes:
            names.append(threading.current_thread().name)
            return read(key, offset, length)

        monkeypatch.setattr(site.collection.store, "read", noted)
        with served(site) as running:
            assert running.get(_RAW, accept_encoding="identity").status_code == 200
    assert len(names) == len(threads)
    assert all(map(str.startswith, names, threads)), names
