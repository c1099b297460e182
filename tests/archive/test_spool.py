"""Spool folders: one a process, taken over only when their process has ended."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import archive.spool as spool_module
from archive import files
from archive.appending import MemberFile
from archive.errors import WriteError
from archive.spool import LOCK, Spool
from archive.warc.gzip import members

_HOLDER = """
import sys
from pathlib import Path
from archive.spool import Spool
spool = Spool.create(Path(sys.argv[1]))
(spool.path / "work").write_text("kept")
print(spool.path, flush=True)
sys.stdin.read()
"""


def test_living_process_is_left_alone_and_dead_one_adopted(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        path = Path(holder.stdout.readline().strip())
        assert list(Spool.abandoned(tmp_path)) == []
        holder.kill()
    (adopted,) = Spool.abandoned(tmp_path)
    assert adopted.path == path
    assert [file.name for file in adopted.files("w*")] == ["work"]
    assert list(Spool.abandoned(tmp_path)) == []
    adopted.close()


def test_abandoned_folder_that_somebody_looks_at_is_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks whether a folder is held locks it for an instant."""
    spool = Spool.create(tmp_path)
    (spool.path / "work").write_text("kept")
    spool.close()
    looker = os.open(spool.path / LOCK, os.O_RDONLY)
    fcntl.flock(looker, fcntl.LOCK_SH)
    monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looker, fcntl.LOCK_UN))
    (adopted,) = Spool.abandoned(tmp_path)
    assert adopted.path == spool.path
    os.close(looker)
    adopted.close()


def test_empty_spool_leaves_nothing_behind(tmp_path: Path) -> None:
    spool = Spool.create(tmp_path)
    spool.close()
    spool.close()
    assert list((tmp_path / "spool").iterdir()) == []


def test_folder_that_another_process_took_at_its_birth_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its making and its lock it looks abandoned."""
    taken: list[Spool] = []
    make_folder = files.make_folder

    def make_and_lose(path: Path) -> None:
        make_folder(path)
        if path.name != "spool" and not taken:
            taken.extend(Spool.abandoned(tmp_path))

    monkeypatch.setattr(spool_module, "make_folder", make_and_lose)
    spool = Spool.create(tmp_path)
    (other,) = taken
    assert other.path != spool.path
    other.close()
    assert [path.name for path in (tmp_path / "spool").iterdir()] == [spool.path.name]
    spool.close()


def test_every_folder_is_durable_before_anything_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    spool = Spool.create(tmp_path / "a" / "b")
    made = [tmp_path, tmp_path / "a", tmp_path / "a" / "b", spool.path.parent]
    assert synced == [tmp_path.parent, *made]
    spool.close()


def test_folder_that_another_process_has_just_made_is_made_durable_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spool").mkdir()
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    first, second = Spool.create(tmp_path), Spool.create(tmp_path)
    assert synced == [tmp_path, tmp_path / "spool", tmp_path / "spool"]
    first.close()
    second.close()


def test_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="file/spool"):
        Spool.create(tmp_path / "file")


def test_what_is_not_settled_can_be_taken_back(tmp_path: Path) -> None:
    file = MemberFile(tmp_path / "x.gz")
    first = file.append([b"first"])
    file.sync()
    file.settle()
    assert file.append([b"second"])[0] == first[1]
    file.take_back()
    assert file.append([b"third"])[0] == first[1]
    digest = file.seal()
    assert [content for _, _, content in members(tmp_path / "x.gz")] == [b"first", b"third"]
    assert len(digest) == 64


def test_taking_back_what_reached_the_disk(tmp_path: Path) -> None:
    file = MemberFile(tmp_path / "x.gz")
    file.append([b"first"])
    file.sync()
    file.settle()
    file.append([bytes(range(256)) * 40_000])
    file.take_back()
    file.seal()
    assert [content for _, _, content in members(tmp_path / "x.gz")] == [b"first"]
