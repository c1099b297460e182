"""Processes that capture notice nothing of rebuilds, which miss nothing of what they keep."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from archive.index import Index
from archive.index.export import export
from archive.rebuild import rebuild
from archive.store.local import LocalStore
from tests.waiting import until

_SOURCES = ("alpha", "beta")
_REBUILDS = 4


class Capturing:
    """Two processes that capture into one home."""

    def __init__(self, home: Path, url: str) -> None:
        self._stop = home / "stop"
        self._outputs = [home / f"{source}.acks" for source in _SOURCES]
        self._processes = []
        for source, output in zip(_SOURCES, self._outputs, strict=True):
            arguments = [str(home), url, source, str(self._stop)]
            with output.open("wb") as file:
                self._processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.archive.rebuild.capturing", *arguments],
                        stdout=file,
                    )
                )

    def acknowledged(self) -> set[tuple[str, int]]:
        """What each has been promised so far, by (file name, offset)."""
        found = set()
        for output in self._outputs:
            for line in output.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    filename, offset = line.split()
                    found.add((filename, int(offset)))
        return found

    def wait_for_more(self) -> None:
        """Until each has kept something since now."""
        sizes = [output.stat().st_size for output in self._outputs]

        def all_have() -> bool:
            assert all(process.poll() is None for process in self._processes)
            return all(o.stat().st_size > s for o, s in zip(self._outputs, sizes, strict=True))

        until(all_have, pause=0.01)

    def stop(self) -> None:
        """Let them seal and store everything."""
        self._stop.touch()
        assert [process.wait(60) for process in self._processes] == [0, 0]

    def kill(self) -> None:
        """Leave none behind."""
        for process in self._processes:
            process.kill()
            process.wait()


@contextmanager
def capturing(home: Path, url: str) -> Iterator[Capturing]:
    """Two processes that are at it."""
    found = Capturing(home, url)
    try:
        found.wait_for_more()
        yield found
    finally:
        found.kill()


def exported(url: str) -> list[str]:
    """All rows."""
    with closing(Index(url)) as index:
        return list(export(index))


def rows(url: str, filenames: set[str]) -> set[tuple[str, int]]:
    """Captures in the index."""
    with closing(Index(url)) as index:
        return {(name, one.offset) for name in filenames for one in index.captures_of(name)}


def test_rebuilds_beside_captures_lose_nothing(tmp_path: Path, index_url: str) -> None:
    store = LocalStore(tmp_path / "collection")
    with capturing(tmp_path, index_url) as processes:
        for _ in range(_REBUILDS):
            before = processes.acknowledged()
            assert rebuild(store, index_url, home=tmp_path) == []
            assert before <= rows(index_url, {name for name, _ in before})
            processes.wait_for_more()
        processes.stop()
        everything = processes.acknowledged()
    live = exported(index_url)
    assert everything == rows(index_url, {name for name, _ in everything})
    assert {name for name, _ in everything} == {path.name for path in tmp_path.rglob("*.warc.gz")}
    # From the objects alone, into a database of which nothing is left.
    other = f"sqlite:///{tmp_path}/other/index.db"
    assert rebuild(store, other, home=tmp_path / "nowhere") == []
    assert exported(other) == live
