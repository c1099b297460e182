"""One home that processes die in: a driver is run under strace, recovered, and looked at."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from archive.store.local import LocalStore
from tests.faults.acks import Ack, read_acks
from tests.faults.invariants import History, check, check_crash
from tests.servers.process import run

T = TypeVar("T")
R = TypeVar("R")

ROOT = Path(__file__).resolve().parents[2]
CALLS = (
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "rename",
    "link",
    "unlink",
    "mkdir",
)
"""Calls that change what is on a disk, or make it stay there."""

_LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\(")
_TIMEOUT = 120


def side_by_side(one: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """What `one` gives for each item, two at a time; raises what it raises."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, items))


@dataclass(slots=True)
class Trial:
    """A home, the promises made in it, and the objects ever seen."""

    folder: Path
    mutant: str = ""  #: in every process
    place: Path | None = None  #: where the home is, if not in the folder
    history: History = field(default_factory=History)

    @property
    def home(self) -> Path:
        return (self.place or self.folder) / "home"

    @property
    def acks(self) -> list[Ack]:
        """All promises so far."""
        return read_acks(self.folder / "acks")

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.home / "collection")

    def copy(self, folder: Path) -> Trial:
        """The same once more, in another folder."""
        shutil.copytree(self.folder, folder)
        return Trial(folder, self.mutant)

    def run(
        self, command: str, *arguments: str, strace: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the driver to its end, however it ends. It must not crash by itself.

        `stdout` has all that it said.
        """
        driver = ["-m", "tests.faults.driver", command, str(self.home), *arguments]
        done = run(
            [*strace, sys.executable, *driver, "--acks", str(self.folder / "acks")],
            seconds=_TIMEOUT,
            cwd=ROOT,
            env=os.environ | {"MUTANT": self.mutant, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        if not self.mutant:
            assert "Traceback" not in done.stdout, done.stdout
        assert done.returncode in (0, 3, -signal.SIGKILL), (done.returncode, done.stdout)
        return done

    def kill_at(self, call: str, number: int, command: str, *arguments: str) -> bool:
        """Kill the process when a thread makes its n-th such call; whether it came to that."""
        # Without `trace` nothing is injected.
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]
        done = self.run(command, *arguments, strace=[*_STRACE, "-o", "/dev/null", *inject])
        return done.returncode == -signal.SIGKILL

    def count(self, command: str, *arguments: str) -> dict[str, int]:
        """Run a command undisturbed; how often the busiest thread makes each call."""
        log = self.folder / "strace.log"
        trace = ["-e", f"trace={','.join(CALLS)}", "-e", "signal=none"]
        done = self.run(command, *arguments, strace=[*_STRACE, "-o", str(log), *trace])
        assert done.returncode == 0, done.stdout
        counts: dict[str, Counter[str]] = {call: Counter() for call in CALLS}
        for line in log.read_text().splitlines():
            if match := _LINE.match(line):
                counts[match["call"]][match["thread"]] += 1
        return {call: max(threads.values(), default=0) for call, threads in counts.items()}

    def check_crash(self) -> None:
        """Look at what a dead process left. Raises Violation."""
        check_crash(self.home, self.acks)
        self.history.look(self.store)

    def recover(self) -> None:
        """Let a new process take up what is left, and look at what came of it. Raises Violation."""
        self.run("recover")
        self.check()

    def check(self) -> None:
        """Nothing is lost, doubled, orphaned or overwritten. Raises Violation."""
        self.history.look(self.store)
        check(self.home, self.acks)


# Not with --seccomp-bpf, which traces faster: nothing would be injected.
_STRACE = ("strace", "-f", "-qq")
