"""An archive on a read-only medium: it can be read, and whoever would write is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.state import State
from tests.acceptance.command import COMMAND, Pressmark, Result, finish
from tests.archive.importing import samples
from tests.servers.mounts import need_mounts, read_only

ROOT = Path(__file__).resolve().parents[2]
URL = "https://example.org/1"
WORD = "tools"
DIED = 7

_DIES = f"""
import os, sys
from archive.index import Index
from tests.archive.index.samples import SEGMENT
Index(sys.argv[1]).add_segment(SEGMENT)
os._exit({DIED})
"""

ReadOnly = Callable[..., Result]


@pytest.fixture
def on_disc(pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory) -> ReadOnly:
    """Runs the command with its home, which has the collection in it, read-only."""
    need_mounts(tmp_path_factory.mktemp("mount"))

    def run(*arguments: str) -> Result:
        contents = pressmark.folder / "contents"
        if pressmark.home.exists():
            pressmark.home.rename(contents)
        pressmark.home.mkdir()
        try:
            program = read_only(pressmark.home, contents, COMMAND)
            with pressmark.start(*arguments, program=program) as process:
                return finish(process)
        finally:
            pressmark.home.rmdir()
            contents.rename(pressmark.home)

    return run


@pytest.fixture
def kept(pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The page at URL, which the collection has, with its text; the state is there, too."""
    file = tmp_path_factory.mktemp("theirs") / "a.warc.gz"
    assert pressmark("import", str(samples.warcio_file(file, [URL]))).status == 0
    State(f"sqlite:///{pressmark.home}/state.db").close()
    return samples.PAGE


def test_it_can_be_read(on_disc: ReadOnly, kept: bytes) -> None:
    (capture,) = on_disc("list", URL, "--json").lines
    assert capture["url"] == URL
    (hit,) = on_disc("search", WORD, "--json").lines
    assert hit["url"] == URL
    assert on_disc("get", URL).stdout == kept
    audit = on_disc("verify", "--json")
    assert (audit.status, audit.stderr) == (0, "")
    assert (audit.line["findings"], audit.line["bad"]) == ([], 0)
    status = on_disc("status", "--json")
    assert (status.status, status.stderr) == (0, "")
    assert (status.line["index"]["error"], status.line["state"]["error"]) == (None, None)
    assert status.line["index"]["captures"] == 1


@pytest.mark.usefixtures("kept")
def test_its_index_can_be_made_elsewhere(pressmark: Pressmark, on_disc: ReadOnly) -> None:
    pressmark.environment["PRESSMARK_DATABASE_URL"] = f"sqlite:///{pressmark.folder}/new"
    assert on_disc("rebuild-index").status == 0
    assert len(on_disc("list", URL, "--json").lines) == 1


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "arguments", [["archive", URL], ["rebuild-index"], ["doctor", "--repair"]], ids=" ".join
)
def test_whoever_would_write_is_told(on_disc: ReadOnly, arguments: list[str]) -> None:
    done = on_disc(*arguments)
    assert done.status == 3
    assert "ead-only file system" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("kept")
def test_doctor_says_what_to_do(pressmark: Pressmark, on_disc: ReadOnly) -> None:
    done = on_disc("doctor", "--json")
    assert done.status == 3
    failed = {check["check"]: check for check in done.lines if not check["ok"]}
    assert failed.keys() == {"home", "store"}
    assert failed["home"]["detail"] == f"cannot write into {pressmark.home}: Read-only file system"
    assert "mount it writable or correct `home`" in failed["home"]["remedy"]
    assert "mount it writable or correct `collection`" in failed["store"]["detail"]


def leave_log(url: str) -> None:
    """Commit to the index and die: the capture is in the write-ahead log alone."""
    done = subprocess.run([sys.executable, "-c", _DIES, url], cwd=ROOT, check=False)
    assert done.returncode == DIED


@pytest.mark.usefixtures("kept")
def test_log_of_a_process_that_died_is_read_where_it_can_be(
    pressmark: Pressmark, on_disc: ReadOnly
) -> None:
    leave_log(f"sqlite:///{pressmark.home}/index.db")
    assert on_disc("status", "--json").line["index"]["segments"] == 2
    (shared,) = pressmark.home.glob("index.db*-shm")
    shared.unlink()
    refused = on_disc("list", URL)
    assert refused.status == 3
    assert "with a log beside it that must be brought in first" in refused.stderr
    assert "run `pressmark status` once where it can be written" in refused.stderr
    assert pressmark("status").status == 0
    assert on_disc("status", "--json").line["index"]["segments"] == 2


@pytest.mark.usefixtures("kept")
def test_log_of_the_state(pressmark: Pressmark, on_disc: ReadOnly) -> None:
    state = pressmark.home / "state.db"
    state.with_name("state.db-wal").write_bytes(b"a log")
    error = on_disc("status", "--json").line["state"]["error"]
    assert "with a log beside it that must be brought in first" in error
