"""Other processes at the same home: a second writer, a lock on the index, a signal to end."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from tests.faults.newsroom import PAGES, Newsroom, finish, wait_for_promises
from tests.faults.scenarios import meet

SEED = 20261122
SHORT_ENDS, FULL_ENDS = 2, 20
TERMINATED = 143
SEAL_SECONDS = 15
LOCKED_SECONDS = 6


def terminate(room: Newsroom, after: int, delay: float) -> int:
    """Ask a crawl to end after so many promises; its exit status. Raises Violation."""
    process = room.start()
    wait_for_promises(room, after)
    time.sleep(delay)
    began = time.monotonic()
    process.terminate()
    status, errors = finish(process)
    assert time.monotonic() - began < SEAL_SECONDS, errors
    assert list(room.home.glob("spool/*/*.open")) == []
    room.check_crash()
    room.check()
    # As a shell has it: one that has sealed everything and is about to end may die of the signal.
    return 128 - status if status < 0 else status


def end(tmp_path: Path, count: int) -> None:
    """Ask crawls to end at random moments, each in a home of its own. A few are over before."""
    statuses = []
    for number in range(count):
        dice = random.Random(f"{SEED}/{number}")
        with Newsroom(tmp_path / f"room{number}") as room:
            statuses.append(terminate(room, dice.randint(1, PAGES), dice.uniform(0, 0.3)))
    assert set(statuses) <= {TERMINATED, 0}
    assert statuses.count(TERMINATED) > count * 3 // 4


def test_crawls_end_when_they_are_asked_to(tmp_path: Path) -> None:
    """Sealed, with nothing lost."""
    end(tmp_path, SHORT_ENDS)


@pytest.mark.slow
def test_crawls_end_whenever_they_are_asked_to(tmp_path: Path) -> None:
    end(tmp_path, FULL_ENDS)


def test_two_writers_do_not_touch_each_other(tmp_path: Path) -> None:
    meet(tmp_path / "room")


def test_a_writer_outlives_its_neighbour(tmp_path: Path) -> None:
    """One is killed while the other captures; the next one takes up what was left."""
    with Newsroom(tmp_path / "room", pages=12) as room:
        first, second = room.start(), room.start_neighbour()
        wait_for_promises(room, 10)
        first.kill()
        status, errors = finish(second)
        assert status == 0, errors
        assert finish(first)[0] == -signal.SIGKILL
        room.check_crash()
        assert room.crawl()[0] == 0
        room.check()


def test_a_locked_index_is_waited_for(tmp_path: Path) -> None:
    with Newsroom(tmp_path / "room", pages=12) as room:
        process = room.start()
        wait_for_promises(room, 3)
        other = sqlite3.connect(room.home / "index.db", isolation_level=None, timeout=30)
        other.execute("BEGIN IMMEDIATE")
        began = time.time()
        time.sleep(LOCKED_SECONDS)
        ended = time.time()
        other.execute("ROLLBACK")
        other.close()
        status, errors = finish(process)
        assert status == 0, errors
        # An answer that was on its way when the lock began may still have come.
        while_locked = [a for a in room.acks if began + 1 < a.time < ended]
        assert while_locked == []
        assert any(ack.time > ended for ack in room.acks)
        room.check()
