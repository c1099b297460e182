"""A disk that is full at some point, and one whose fsync fails: nothing is promised any more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.filling import Filled
from tests.faults.invariants import Violation
from tests.faults.newsroom import Newsroom
from tests.faults.trial import ROOT, Trial
from tests.servers.mounts import UNSHARE, need_mounts
from tests.servers.strace import need_strace

SHORT_SIZES, FULL_SIZES = 3, 20
SMALLEST, LARGEST = 250_000, 8_000_000
"""Bytes of the file system: from one that hardly holds an empty index to nearly enough."""

UNAVAILABLE = 3
_EACH_CALL = ("-f", "-qq", "-y", "-ttt")
_INJECTED = re.compile(r"(?P<time>\d+\.\d+) f(?:data)?sync\(\d+<(?P<path>[^>]*)>\) .*INJECTED")


def fill(folder: Path, size: int) -> Filled:
    """Capture on a disk of that size, make room, recover, in a mount namespace of its own."""
    folder.mkdir()
    program = [sys.executable, "-m", "tests.faults.filling", str(folder), str(size)]
    done = subprocess.run(
        [*UNSHARE, *program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    print(f"{size} bytes: {done.stdout}{done.stderr}")
    assert done.returncode == 0, done.stderr
    return Filled(**json.loads(done.stdout))


@pytest.fixture
def namespaces(tmp_path: Path) -> None:
    need_mounts(tmp_path)


def sizes(count: int) -> Iterator[int]:
    """From the smallest to the largest in equal steps."""
    for each in range(count):
        yield SMALLEST + (LARGEST - SMALLEST) * each // count


def fill_all(tmp_path: Path, count: int) -> list[Filled]:
    """Every size is too small; at most sizes something had been promised before."""
    filled = [fill(tmp_path / str(size), size) for size in sizes(count)]
    assert [one.status for one in filled] == [UNAVAILABLE] * count
    assert all(re.search("No space left|is full|make room", one.errors) for one in filled)
    assert sum(one.promises > 0 for one in filled) > count // 2
    return filled


def test_nothing_is_lost_on_a_full_disk(tmp_path: Path, namespaces: None) -> None:
    fill_all(tmp_path, SHORT_SIZES)


@pytest.mark.slow
def test_nothing_is_lost_on_a_full_disk_of_any_size(tmp_path: Path, namespaces: None) -> None:
    assert len({one.promises for one in fill_all(tmp_path, FULL_SIZES)}) > 2


def fail(folder: Path, call: str, first: int, mutant: str = "") -> bool:
    """Let such calls fail from the n-th of a thread on; whether a promise depended on one.

    Raises Violation.
    """
    folder.mkdir()
    trial = Trial(folder, mutant)
    log = folder / "strace.log"
    # SQLite syncs by fdatasync, everything else by fsync.
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={first}+"]
    done = trial.run("capture", strace=["strace", *_EACH_CALL, "-o", str(log), *inject])
    failed = _failed(log)
    print(f"{call} from {first} on: {failed}, {len(trial.acks)} promises, {done.stdout}")
    if failed:
        late = [ack for ack in trial.acks if ack.time > min(failed) and ack.kind != "stored"]
        if late:
            raise Violation([f"promised after the disk had failed: {ack}" for ack in late])
        assert done.returncode == UNAVAILABLE
    trial.check_crash()
    trial.recover()
    return bool(failed)


def _failed(log: Path) -> list[float]:
    """When syncs failed that the writer waits for: those of the spool and of the index."""
    found = _INJECTED.findall(log.read_text())
    assert found, "no call failed"
    return [float(moment) for moment, path in found if "/collection" not in path]


@pytest.mark.parametrize(("call", "first"), [("fsync", 9), ("fdatasync", 6)])
def test_nothing_is_promised_on_a_failing_disk(tmp_path: Path, call: str, first: int) -> None:
    need_strace()
    assert fail(tmp_path / "trial", call, first)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_nothing_is_promised_whenever_a_disk_fails(tmp_path: Path, call: str) -> None:
    need_strace()
    failures = [fail(tmp_path / str(first), call, first) for first in range(1, 20, 2)]
    assert sum(failures) > len(failures) // 2


def test_a_crawl_on_a_failing_disk_ends(tmp_path: Path) -> None:
    """With status 3, and the next one goes on."""
    need_strace()
    log = tmp_path / "strace.log"
    inject = ["-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=9+"]
    with Newsroom(tmp_path / "room", pages=10) as room:
        status, errors = room.crawl(strace=["strace", *_EACH_CALL, "-o", str(log), *inject])
        assert _failed(log)
        assert status == UNAVAILABLE, errors
        room.check_crash()
        assert room.crawl()[0] == 0
        room.check()
