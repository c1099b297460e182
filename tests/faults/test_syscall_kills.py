"""SIGKILL at every call that makes something durable, in capture and in recovery."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.trial import CALLS, Trial
from tests.servers.strace import need_strace

SHORT = 6
FULL = 170
"""Points that a process must have died at."""


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


def kill_captures(tmp_path: Path, wanted: int) -> int:
    """Deaths in capture, each in a home of its own."""
    (tmp_path / "whole").mkdir()
    counts = Trial(tmp_path / "whole").count("capture")
    deaths = 0
    for call, number in spread(counts, wanted):
        trial = Trial(tmp_path / f"{call}-{number}")
        trial.folder.mkdir()
        print("capture, killed at", call, number)
        deaths += trial.kill_at(call, number, "capture")
        trial.check_crash()
        trial.recover()
        shutil.rmtree(trial.folder)
    return deaths


def kill_recoveries(tmp_path: Path, wanted: int) -> int:
    """Deaths in recovery, each of the same crashed home."""
    before = crashed(tmp_path / "crashed")
    counts = before.copy(tmp_path / "undisturbed").count("recover")
    deaths = 0
    for call, number in spread(counts, wanted):
        trial = before.copy(tmp_path / f"{call}-{number}")
        print("recovery, killed at", call, number)
        deaths += trial.kill_at(call, number, "recover")
        trial.check_crash()
        trial.recover()
        shutil.rmtree(trial.folder)
    return deaths


def test_captures_survive_a_kill_at_chosen_calls(tmp_path: Path) -> None:
    assert kill_captures(tmp_path, SHORT) >= SHORT - 1


def test_recovery_survives_a_kill_at_chosen_calls(tmp_path: Path) -> None:
    assert kill_recoveries(tmp_path, SHORT) >= SHORT - 1


@pytest.mark.slow
def test_captures_survive_a_kill_at_every_call(tmp_path: Path) -> None:
    assert kill_captures(tmp_path, FULL) >= FULL - 10


@pytest.mark.slow
def test_recovery_survives_a_kill_at_every_call(tmp_path: Path) -> None:
    assert kill_recoveries(tmp_path, FULL // 2) >= FULL // 2 - 10
