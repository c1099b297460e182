"""What stores were seen to do, remembered between processes; no upload waits for the state."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from archive.state import State
from archive.state.capabilities import TRUSTED, RememberedCapabilities
from archive.state.mirroring import MirrorWaitingList
from archive.state.schema import store_capabilities
from archive.store.base import Capabilities
from archive.timestamps import now, to_timestamp

POOR = Capabilities(create_only=False, ranged_reads=True, notes_digests=False, checks_arrivals=True)
AMAZON = "https://s3.amazonaws.com"


def test_each_bucket_of_each_endpoint_is_remembered(state_url: str) -> None:
    memory = RememberedCapabilities(state_url)
    assert memory.recall(AMAZON, "press") is None
    memory.remember(AMAZON, "press", POOR)
    memory.remember(AMAZON, "other", replace(POOR, create_only=True))
    later = RememberedCapabilities(state_url)
    assert later.recall(AMAZON, "press") == POOR
    assert later.recall(AMAZON, "other") == replace(POOR, create_only=True)
    assert later.recall("https://s3.example.org", "press") is None


def test_newest_answer_counts(state_url: str) -> None:
    memory = RememberedCapabilities(state_url)
    memory.remember(AMAZON, "press", replace(POOR, create_only=True))
    memory.remember(AMAZON, "press", POOR)
    assert memory.recall(AMAZON, "press") == POOR


@pytest.mark.parametrize(
    ("age", "trusted"),
    [
        (timedelta(), True),
        (TRUSTED - timedelta(hours=1), True),
        (TRUSTED + timedelta(hours=1), False),
        (-timedelta(hours=1), False),
    ],
    ids=["new", "of this week", "old", "of a clock that was ahead"],
)
def test_old_answer_is_none(state_url: str, age: timedelta, trusted: bool) -> None:
    memory = RememberedCapabilities(state_url)
    memory.remember(AMAZON, "press", POOR)
    with closing(State(state_url)) as state, state.writing() as connection:
        probed = to_timestamp(now() - age)
        connection.execute(update(store_capabilities).values(probed=probed))
    assert memory.recall(AMAZON, "press") == (POOR if trusted else None)


def test_several_remember_at_once(state_url: str, caplog: pytest.LogCaptureFixture) -> None:
    memory = RememberedCapabilities(state_url)
    with ThreadPoolExecutor(4) as pool, caplog.at_level(logging.WARNING):
        list(pool.map(lambda _: memory.remember(AMAZON, "press", POOR), range(8)))
    assert memory.recall(AMAZON, "press") == POOR
    assert caplog.text == ""


def test_state_that_cannot_be_used_is_told_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state.db").write_bytes(b"something else" * 1000)
    memory = RememberedCapabilities(f"sqlite:///{tmp_path}/state.db")
    with caplog.at_level(logging.WARNING):
        assert memory.recall(AMAZON, "press") is None
        memory.remember(AMAZON, "press", POOR)
        memory.recall(AMAZON, "other")
    (message,) = caplog.messages
    assert "is not remembered: the state" in message
    with caplog.at_level(logging.WARNING):
        RememberedCapabilities(f"sqlite:///{tmp_path}/state.db").remember(AMAZON, "press", POOR)
    assert "will not be remembered: the state" in caplog.text


def test_waiting_list_of_each_mirror(state_url: str) -> None:
    with (
        closing(MirrorWaitingList(state_url, "file:///mnt/second")) as one,
        closing(MirrorWaitingList(state_url, "file:///mnt/third")) as other,
    ):
        assert one.count() == (0, None)
        keys = [f"warc/{number:04}" for number in range(1500)]
        one.add(keys)
        one.add(keys[:3])
        one.add([])
        other.add(["warc/a"])
        number, since = one.count()
        assert number == 1500
        assert since is not None
        assert len(since) == 14
        assert one.next(limit=2) == keys[:2]
        assert one.next("warc/1497") == keys[1498:]
        one.done("warc/0000")
        one.done("warc/0000")
        assert one.next(limit=1) == ["warc/0001"]
        assert other.next() == ["warc/a"]
        assert not one.is_compared()
        one.compared()
        one.compared()
        assert (one.is_compared(), other.is_compared()) == (True, False)
