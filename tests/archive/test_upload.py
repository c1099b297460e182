"""The uploader: nothing counts as stored that is not, and what is away comes later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import (
    AccessDenied,
    ArchiveError,
    IndexUnavailable,
    KeyTaken,
    StoreError,
    StoreUnavailable,
)
from archive.names import key_of, new_name, sibling
from archive.store.base import StoredObject
from archive.store.memory import MemoryStore
from archive.verify import verify
from archive.warc.gzip import member
from tests.exchanges import ARTICLE, exchange
from tests.keeping import Place, place
from tests.waiting import until


class Faulty(MemoryStore):
    """A store whose next writes fail."""

    def __init__(self, *faults: Exception) -> None:
        super().__init__()
        self.faults = list(faults)
        self.tried: list[str] = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """Fails while there are faults left; waits while the gate is shut."""
        self.tried.append(key)
        self.begun.set()
        self.gate.wait(10)
        if self.faults:
            raise self.faults.pop(0)
        return super().put_new(key, source)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a store that is back is noticed at once."""
    monkeypatch.setattr("archive.upload._FIRST_PAUSE", 0.01)


async def _sealed(here: Place) -> str:
    (capture,) = await here.writer.keep("ondemand", [exchange()])
    await here.writer.add(capture, ARTICLE)
    (name,) = await here.writer.seal()
    return name


def _left(here: Place) -> list[str]:
    return sorted(path.name for path in here.spool.path.iterdir() if path.name != "lock")


def _state(here: Place, name: str) -> str:
    return here.collection.index.segment(name).state


def test_store_that_was_away_gets_everything(tmp_path: Path) -> None:
    store = Faulty(*(StoreUnavailable("away") for _ in range(3)))

    async def main() -> None:
        async with place(tmp_path, store) as here:
            name = await _sealed(here)
            assert await here.drain()
            assert here.uploader.error() is None
            assert _state(here, name) == "stored"
            assert _left(here) == []
            assert verify(here.collection).findings == []

    asyncio.run(main())


def test_waiting_for_a_store_that_is_away_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Faulty(*(StoreUnavailable("away") for _ in range(100_000)))

    async def main() -> None:
        async with place(tmp_path, store) as here:
            name = await _sealed(here)
            assert not await here.drain(0.0)
            assert caplog.messages == []  # nobody waits
            assert not await here.drain(0.5)
            assert caplog.messages == ["not stored yet (away); trying for 0.5 s"]
            assert str(here.uploader.error()) == "away"
            assert _state(here, name) == "spooled"
            assert len(_left(here)) == 5
            # Read from the spool meanwhile.
            assert here.collection.memento("https://example.org/a?b=1").raw

    asyncio.run(main())


def test_slow_upload_is_waited_for_however_long_it_takes(tmp_path: Path) -> None:
    """`store_wait` is for a store that is away, not for one that is being written to."""
    store = Faulty()
    store.gate.clear()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            await _sealed(here)
            draining = asyncio.create_task(here.drain(0.0))
            done, _ = await asyncio.wait({draining}, timeout=0.1)
            assert not done
            store.gate.set()
            assert await draining

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AccessDenied("no permission"), AccessDenied),
        (KeyTaken("other bytes"), KeyTaken),
        (RuntimeError("a bug"), StoreError),
    ],
    ids=["denied", "taken", "unexpected"],
)
def test_refusal_is_told_at_once_and_others_go_on(
    tmp_path: Path, error: Exception, kind: type[ArchiveError]
) -> None:
    async def main() -> None:
        async with place(tmp_path, Faulty(error)) as here:
            name = await _sealed(here)
            assert not await here.drain()
            assert isinstance(here.uploader.error(), kind)
            assert _state(here, name) == "spooled"
            assert f"{name}" in _left(here)
            assert len(_left(here)) == 3  # its text has gone up
            other = await _sealed(here)
            assert not await here.drain()
            assert _state(here, other) == "stored"

    asyncio.run(main())


def test_equal_objects_are_there_already(tmp_path: Path) -> None:
    """An earlier process was killed between the last object and the row."""
    store = Faulty()
    store.gate.clear()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            name = await _sealed(here)
            for path in here.spool.files("*.warc.gz"):
                MemoryStore.put_new(store, key_of(path.name), path)
            store.gate.set()
            assert await here.drain()
            assert _state(here, name) == "stored"

    asyncio.run(main())


def test_manifest_that_says_something_else_is_no_success(tmp_path: Path) -> None:
    store = Faulty()
    store.gate.clear()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            name = await _sealed(here)
            (manifest,) = here.spool.files(sibling(name, "jsonl"))
            lines = manifest.read_bytes().splitlines(keepends=True)
            MemoryStore.put_new(store, key_of(manifest.name), b"".join(lines[:-1]))
            store.gate.set()
            assert not await here.drain()
            assert isinstance(here.uploader.error(), KeyTaken)
            assert _state(here, name) == "spooled"
            assert name in _left(here)

    asyncio.run(main())


def test_index_that_is_locked_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with place(tmp_path, Faulty()) as here:
            mark = here.collection.index.mark_stored
            monkeypatch.setattr(
                here.collection.index, "mark_stored", _failing_once(mark, IndexUnavailable("busy"))
            )
            name = await _sealed(here)
            # One that fails while it is waited for ends the waiting: the index has been waited for.
            until(lambda: here.uploader.error() or _state(here, name) == "stored")
            assert await here.drain()
            assert _state(here, name) == "stored"

    asyncio.run(main())


def _failing_once(function: Callable[[str], None], error: Exception) -> Callable[[str], None]:
    errors = [error]

    def call(filename: str) -> None:
        if errors:
            raise errors.pop()
        function(filename)

    return call


def test_row_and_spool_wait_for_the_manifest(tmp_path: Path) -> None:
    """Of three objects the last one fails: nothing counts as stored, nothing is removed."""
    store = Faulty()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            put = MemoryStore.put_new

            def refuse_manifests(key: str, source: bytes | Path) -> StoredObject:
                store.tried.append(key)
                if key.startswith("manifests/"):
                    raise AccessDenied("no manifests")
                return put(store, key, source)

            store.put_new = refuse_manifests  # type: ignore[method-assign] # of this instance
            name = await _sealed(here)
            assert not await here.drain()
            assert [key.partition("/")[0] for key in store.tried[:3]] == [
                "warc",
                "cdxj",
                "manifests",
            ]
            assert _state(here, name) == "spooled"
            assert len(_left(here)) == 5

    asyncio.run(main())


def test_close_ends_the_trying(tmp_path: Path) -> None:
    store = Faulty(*(StoreUnavailable("away") for _ in range(100_000)))

    async def main() -> None:
        async with place(tmp_path, store) as here:
            await _sealed(here)
            draining = asyncio.create_task(here.drain(60))
            assert await asyncio.to_thread(store.begun.wait, 10)
            assert await asyncio.to_thread(here.uploader.close, 10)
            assert not await draining
            assert len(_left(here)) == 5

    asyncio.run(main())


def test_whoever_is_in_a_hurry_waits_for_no_upload_that_hangs(tmp_path: Path) -> None:
    store = Faulty()
    store.gate.clear()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            name = await _sealed(here)
            assert await asyncio.to_thread(store.begun.wait, 10)
            draining = asyncio.create_task(here.drain(60))
            done, _ = await asyncio.wait({draining}, timeout=0.1)
            assert not done
            here.uploader.hurry(0.05)
            assert not await asyncio.wait_for(draining, 5)
            assert not await asyncio.wait_for(here.drain(60), 5)
            assert "the next command goes on with it" in str(here.uploader.error())
            store.gate.set()
            await asyncio.to_thread(here.uploader.close)
            assert _state(here, name) == "stored"  # what is begun is finished

    asyncio.run(main())


def test_close_in_a_hurry_does_not_wait_for_an_object(tmp_path: Path) -> None:
    store = Faulty()
    store.gate.clear()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            await _sealed(here)
            assert await asyncio.to_thread(store.begun.wait, 10)
            assert not here.uploader.close(0.0)
            store.gate.set()

    asyncio.run(main())


def _left_by_another(here: Place, number: int) -> Path:
    """A sealed file that has a manifest, as a dead process leaves it."""
    path = here.spool.path / f"{new_name('other')}.{number:017}-aaaaaaaaaa.jsonl.gz"
    path.write_bytes(b"".join(member([b"{}\n"])))
    path.with_name(sibling(path.name, "jsonl")).write_text("{}\n")
    return path


def test_what_was_adopted_and_is_refused_is_nobody_elses_error(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path, Faulty(KeyTaken("other bytes"))) as here:
            here.uploader.submit(_left_by_another(here, 1), adopted=True)
            assert not await here.drain()
            name = await _sealed(here)
            assert await asyncio.to_thread(here.uploader.drain, 10.0, own=True)
            assert _state(here, name) == "stored"
            assert here.uploader.error(own=True) is None
            assert isinstance(here.uploader.error(), KeyTaken)

    asyncio.run(main())


def test_own_files_go_before_adopted_ones(tmp_path: Path) -> None:
    store = Faulty()
    store.gate.clear()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            adopted = [_left_by_another(here, number) for number in range(3)]
            for path in adopted:
                here.uploader.submit(path, adopted=True)
            assert await asyncio.to_thread(store.begun.wait, 10)
            name = await _sealed(here)
            store.gate.set()
            assert await here.drain()
            order = [key for key in store.tried if not key.startswith("manifests/")]
            assert order.index(key_of(name)) < order.index(key_of(adopted[1].name))

    asyncio.run(main())


def test_own_file_waits_for_no_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a short `store_wait` is over before anybody knows why it is not stored."""
    monkeypatch.setattr("archive.upload._FIRST_PAUSE", 3600.0)
    store = Faulty(*(StoreUnavailable("away") for _ in range(100)))

    async def main() -> None:
        async with place(tmp_path, store) as here:
            sealed = _left_by_another(here, 1)
            here.uploader.submit(sealed, adopted=True)
            until(lambda: here.uploader.error() is not None)
            name = await _sealed(here)
            until(lambda: key_of(name) in store.tried)
            assert store.tried.count(key_of(sealed.name)) == 1

    asyncio.run(main())


def test_file_that_the_store_fails_on_holds_up_no_other(tmp_path: Path) -> None:
    """A server that answers one key with 500 for ever looks like one that is away."""

    class FailingOn(MemoryStore):
        def put_new(self, key: str, source: bytes | Path) -> StoredObject:
            if "00000000000000001" in key:
                raise StoreUnavailable("500")
            return super().put_new(key, source)

    async def main() -> None:
        async with place(tmp_path, FailingOn()) as here:
            here.uploader.submit(_left_by_another(here, 1))
            good = _left_by_another(here, 2)
            here.uploader.submit(good, adopted=True)
            name = await _sealed(here)
            assert not await here.drain(0.5)
            assert _state(here, name) == "stored"
            assert not good.exists()
            assert str(here.uploader.error()) == "500"

    asyncio.run(main())


def test_refused_file_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials expire and are renewed while a process lives."""
    monkeypatch.setattr("archive.upload._REFUSED_PAUSE", 0.05)

    async def main() -> None:
        async with place(tmp_path, Faulty(AccessDenied("expired"))) as here:
            name = await _sealed(here)
            async with asyncio.timeout(10):
                while _state(here, name) != "stored":  # noqa: ASYNC110 - of another thread
                    await asyncio.sleep(0.01)
                while here.uploader.error() is not None:  # noqa: ASYNC110 - likewise
                    await asyncio.sleep(0.01)

    asyncio.run(main())
