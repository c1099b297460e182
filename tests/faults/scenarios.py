"""Crashes with a story, each for any mutant (none: ""). All raise Violation."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from archive.names import key_of
from tests.faults.invariants import Violation
from tests.faults.newsroom import Newsroom, finish, wait_for_promises
from tests.faults.trial import Trial
from tests.waiting import until

FIRST_UPLOAD = ("link", 1)
"""The first object of a folder gets its name: one segment is sealed, the other is open."""
LATER_UPLOAD = ("link", 4)


def die(folder: Path, mutant: str, call: str, number: int) -> Trial:
    """A home whose process was killed there."""
    folder.mkdir(parents=True)
    trial = Trial(folder, mutant)
    assert trial.kill_at(call, number, "capture"), f"nobody came to {call} {number}"
    return trial


def kills(folder: Path, mutant: str, *, points: Sequence[tuple[str, int]]) -> None:
    """A kill at each of these calls, each in a home of its own, and recovery."""
    for call, number in points:
        trial = die(folder / f"{call}-{number}", mutant, call, number)
        trial.check_crash()
        trial.recover()


def lost_database(folder: Path, mutant: str, *, point: tuple[str, int]) -> None:
    """The index is gone when recovery begins; what was stored before comes back by a rebuild."""
    trial = die(folder / "home", mutant, *point)
    trial.check_crash()
    for path in trial.home.glob("index.db*"):
        path.unlink()
    trial.run("recover")
    assert trial.run("rebuild").returncode == 0
    trial.check()


def taken_key(folder: Path, mutant: str) -> None:
    """An object of another one has the key of a segment that waits in the spool."""
    trial = die(folder / "home", mutant, *FIRST_UPLOAD)
    waiting = sorted(trial.home.glob("spool/*/*.warc.gz*"))
    key = key_of(waiting[0].name.removesuffix(".open"))
    trial.store.put_new(key, b"of somebody else")
    trial.history.look(trial.store)
    done = trial.run("recover")
    trial.history.look(trial.store)
    name = waiting[0].name.removesuffix(".open")
    if not list(trial.home.glob(f"spool/*/{name}")):
        raise Violation([f"{name} left the spool, and the store does not have it"])
    assert done.returncode == 3, "recovery said nothing"
    # Whoever put it there takes it away.
    trial.history.forget(key)
    (trial.store.folder / key).unlink()
    trial.recover()


def meet(folder: Path, mutant: str = "") -> None:
    """A crawl begins while another one is stopped in its middle; both go on. Raises Violation."""
    with Newsroom(folder, mutant=mutant, pages=12) as room:
        first = room.start()
        wait_for_promises(room, 5)
        _stop_without_lock(room, first)
        try:
            room.history.look(room.opened)
            (folder_of_first,) = room.home.glob("spool/*")
            held = {path.name for path in folder_of_first.iterdir()}
            assert any(name.endswith(".open") for name in held)
            second = room.start_neighbour()
            status, errors = finish(second)
        finally:
            first.send_signal(signal.SIGCONT)
        first_status, first_errors = finish(first)
        if (first_status, status) != (0, 0):
            raise Violation([f"they ended with {first_status} and {status}", first_errors, errors])
        room.check_crash()
        room.check()


def _stop_without_lock(room: Newsroom, process: subprocess.Popen[str]) -> None:
    """Stop a crawl where it does not hold the index, which others would wait for in vain."""

    def stopped() -> bool:
        process.send_signal(signal.SIGSTOP)
        state = Path(f"/proc/{process.pid}/stat")
        until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", pause=0.001)
        index = sqlite3.connect(room.home / "index.db", timeout=0, isolation_level=None)
        with closing(index):
            try:
                index.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                return False
            return True

    until(stopped, pause=0.001)
