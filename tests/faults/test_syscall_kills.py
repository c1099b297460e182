"""SIGKILL at every call that makes something durable, in capture and in recovery."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.trial import CALLS, Trial, side_by_side
from tests.servers.strace import need_strace

SHORT = 6
FULL = 170
"""Deaths, but for what the shares of the calls are rounded by."""
ROUNDED = len(CALLS) // 2
"""Each share is rounded by at most a half."""


@pytest.fixture(autouse=True)
def strace() -> None:
    """All of these need it."""
    need_strace()


def spread(counts: dict[str, int], wanted: int) -> Iterator[tuple[str, int]]:
    """So many (call, number), of each call its share, and of each call from first to last."""
    total = sum(counts.values())
    for call in CALLS:
        many = counts[call]
        share = min(many, max(1, round(wanted * many / total))) if many else 0
        for each in range(share):
            yield call, 1 + each * many // share


def crashed(folder: Path) -> Trial:
    """A home whose process died before its first upload: all is left to recovery."""
    folder.mkdir()
    trial = Trial(folder)
    assert trial.kill_at("link", 1, "capture")
    assert {ack.kind for ack in trial.acks} == {"spooled", "document"}
    return trial


def survive(make: Callable[[], Trial], command: str, point: tuple[str, int]) -> None:
    """Kill the command there, each time in a new home, and recover. Raises Violation.

    How often a thread makes a call depends on the other work of the machine (databases write what
    waits at once). If the process ended before that call, another one is killed at an earlier call.
    """
    call, number = point
    died = False
    while not died:
        assert number, f"{command} makes no {call}"
        print(f"{command}, killed at {call} {number}")
        trial = make()
        died = trial.kill_at(call, number, command)
        trial.check_crash()
        trial.recover()
        shutil.rmtree(trial.folder)
        number = number * 3 // 4


def kill_captures(tmp_path: Path, wanted: int) -> int:
    """Deaths in capture, each in a home of its own."""
    (tmp_path / "whole").mkdir()
    counts = Trial(tmp_path / "whole").count("capture")

    def one(point: tuple[str, int]) -> None:
        folder = tmp_path / "-".join(map(str, point))

        def make() -> Trial:
            folder.mkdir()
            return Trial(folder)

        survive(make, "capture", point)

    return len(side_by_side(one, spread(counts, wanted)))


def kill_recoveries(tmp_path: Path, wanted: int) -> int:
    """Deaths in recovery, each of the same crashed home."""
    before = crashed(tmp_path / "crashed")
    counts = before.copy(tmp_path / "undisturbed").count("recover")

    def one(point: tuple[str, int]) -> None:
        folder = tmp_path / "-".join(map(str, point))
        survive(lambda: before.copy(folder), "recover", point)

    return len(side_by_side(one, spread(counts, wanted)))


def test_captures_survive_a_kill_at_chosen_calls(tmp_path: Path) -> None:
    assert kill_captures(tmp_path, SHORT) >= SHORT - 1


def test_recovery_survives_a_kill_at_chosen_calls(tmp_path: Path) -> None:
    assert kill_recoveries(tmp_path, SHORT) >= SHORT - 1


@pytest.mark.slow
def test_captures_survive_a_kill_at_every_call(tmp_path: Path) -> None:
    assert kill_captures(tmp_path, FULL) >= FULL - ROUNDED


@pytest.mark.slow
def test_recovery_survives_a_kill_at_every_call(tmp_path: Path) -> None:
    assert kill_recoveries(tmp_path, FULL // 2) >= FULL // 2 - ROUNDED
