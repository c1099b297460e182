"""After a kill the next crawl goes on: at most what was in flight is fetched again."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.newsroom import CONCURRENCY, PAGES, Newsroom

SEED = 20261122
FULL = 12


def resume(folder: Path, after: int, delay: float) -> None:
    """Kill a crawl while it fetches, let the next one end, and count at the server."""
    with Newsroom(folder) as room:
        assert room.kill_crawl(after, delay)
        before = Counter(room.site.requests)
        captured = {ack.url for ack in room.acks if ack.kind == "spooled"}
        assert room.crawl()[0] == 0
        again = {path for path, times in Counter(room.site.requests).items() if times > 1}
        print(f"{sum(before.values())} fetched, {len(captured)} kept, again: {sorted(again)}")
        assert len(again) <= CONCURRENCY
        assert not {room.site.base + path for path in again} & captured
        assert {f"/news/{number}" for number in range(PAGES)} <= set(room.site.requests)
        room.check()


def test_a_killed_crawl_is_gone_on_with(tmp_path: Path) -> None:
    resume(tmp_path / "room", PAGES // 2, 0.0)


@pytest.mark.slow
def test_crawls_killed_anywhere_are_gone_on_with(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    for number in range(FULL):
        resume(tmp_path / f"room{number}", dice.randint(1, PAGES + 10), dice.uniform(0, 0.05))
