"""The gate: shut without room, open again only when there is enough, sealed meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from archive.errors import StoreUnavailable, WriteError
from archive.spooled import free_space, spool_size, spool_usage
from archive.store.base import StoredObject
from archive.store.memory import MemoryStore
from config.schema import SpoolRules
from pipelines.warc.gate import Gate
from tests.exchanges import exchange
from tests.keeping import place


class Away(MemoryStore):
    """A store that can be taken away."""

    away = True

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """Fails while it is away."""
        if self.away:
            raise StoreUnavailable("away")
        return super().put_new(key, source)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a store that is back is noticed at once."""
    monkeypatch.setattr("archive.upload._LONGEST_PAUSE", 0.01)
    monkeypatch.setattr("archive.upload._FIRST_PAUSE", 0.01)


def test_shuts_at_the_limit_seals_and_opens_when_uploads_made_room(tmp_path: Path) -> None:
    store = Away()

    async def main() -> None:
        async with place(tmp_path, store) as here:
            gate = Gate(tmp_path, SpoolRules(max_bytes=500, min_free=1), here.writer)
            heard: list[str | None] = []
            gate.listeners.append(lambda: heard.append(gate.reason))
            await gate.look()
            assert gate.reason is None
            await here.writer.keep("ondemand", [exchange()])
            await gate.look()
            assert "spool.max_bytes" in str(gate.reason)
            (usage,) = spool_usage(tmp_path)
            assert (usage.alive, usage.open, usage.sealed) == (True, 0, 1)
            assert usage.size == spool_size(tmp_path) >= 500
            assert usage.oldest is not None
            store.away = False
            assert await here.drain()
            await gate.look()
            assert gate.reason is None
            assert [reason is None for reason in heard] == [False, True]

    asyncio.run(main())


def test_opens_only_some_way_below_the_limit(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path, Away()) as here:
            ballast = here.spool.path / "ballast.part"
            gate = Gate(tmp_path, SpoolRules(max_bytes=1000, min_free=1), here.writer)
            for size, is_open in [(999, True), (1000, False), (900, False), (870, True)]:
                ballast.write_bytes(bytes(size))
                await gate.look()
                assert (gate.reason is None) == is_open, size

    asyncio.run(main())


def test_floor_of_free_space(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            rules = SpoolRules(max_bytes=1 << 40, min_free=free_space(tmp_path) * 2)
            gate = Gate(tmp_path, rules, here.writer)
            await gate.look()
            assert "spool.min_free" in str(gate.reason)
            error = await gate.given_up(0.0)
            assert "spool.min_free" in str(error)

    asyncio.run(main())


def test_nobody_gives_up_while_it_is_open(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            gate = Gate(tmp_path, SpoolRules(), here.writer)
            await gate.look()
            done, _ = await asyncio.wait({asyncio.create_task(gate.given_up(0.0))}, timeout=0.1)
            assert not done

    asyncio.run(main())


def test_after_a_failed_write_nobody_is_kept_waiting(tmp_path: Path) -> None:
    """The crawl ends by that failure, for which its requests must come through."""

    async def main() -> None:
        async with place(tmp_path) as here:
            gate = Gate(tmp_path, SpoolRules(max_bytes=1, min_free=1), here.writer)
            await here.writer.keep("ondemand", [exchange()])
            await gate.look()
            assert gate.reason is not None
            here.writer.failure = WriteError("a page", OSError("as if the disk were full"))
            await gate.look()
            assert gate.reason is None

    asyncio.run(main())


def test_folder_of_an_ended_process_is_told_from_a_living_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path, Away()) as here:
            await here.writer.keep("ondemand", [exchange()])
            assert [usage.alive for usage in spool_usage(tmp_path)] == [True]
        (usage,) = spool_usage(tmp_path)
        assert (usage.alive, usage.open, usage.sealed, usage.oldest) == (False, 1, 0, None)

    asyncio.run(main())
    assert spool_usage(tmp_path / "nowhere") == []
    assert spool_size(tmp_path / "nowhere") == 0
