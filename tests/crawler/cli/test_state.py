"""`pressmark state backup` and `restore`: statuses, and what is never overwritten."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from config.load import load
from tests.archive.state.test_backup import filled
from tests.archive.state.test_state import rows
from tests.crawler.cli.command import Command


@pytest.fixture
def url(command: Command) -> str:
    """Of the state that the command works on; it holds 3 rows."""
    state_url = load().state_url
    filled(state_url).close()
    return state_url


def test_round_trip(command: Command, url: str) -> None:
    status, out, err = command("state", "backup", "copy.gz", "--json")
    assert (status, err) == (0, "")
    line = json.loads(out)
    assert line.keys() == {"file", "revision", "created", "rows"}
    assert (line["file"], line["rows"]) == ("copy.gz", 3)
    assert stat.S_IMODE(Path("copy.gz").stat().st_mode) == 0o600
    filled(url, 0).close()
    status, out, err = command("state", "restore", "copy.gz")
    assert (status, err) == (0, "")
    assert out.startswith(b"3 rows restored from copy.gz")
    assert len(rows(url)) == 3


@pytest.mark.usefixtures("url")
def test_nothing_is_overwritten_unless_asked(command: Command) -> None:
    Path("copy.gz").write_bytes(b"mine")
    status, _, err = command("state", "backup", "copy.gz")
    assert (status, Path("copy.gz").read_bytes()) == (2, b"mine")
    assert "--replace" in err
    assert command("state", "backup", "copy.gz", "--replace")[0] == 0
    status, _, err = command("state", "restore", "copy.gz")
    assert status == 2
    assert "--replace" in err
    assert command("state", "restore", "copy.gz", "--replace")[0] == 0


@pytest.mark.usefixtures("url")
def test_file_that_is_missing_or_damaged(command: Command) -> None:
    status, _, err = command("state", "restore", "never.gz")
    assert status == 2
    assert "never.gz" in err
    Path("bad.gz").write_bytes(b"something else")
    status, _, err = command("state", "restore", "bad.gz", "--replace")
    assert status == 1
    assert "take another one" in err
    status, _, err = command("state", "backup", "no/such/folder/copy.gz")
    assert status == 1
    assert "No such file" in err


def test_database_that_cannot_be_used(command: Command, url: str) -> None:
    assert command("state", "backup", "copy.gz")[0] == 0
    Path(url.removeprefix("sqlite:///")).write_bytes(b"something else" * 1000)
    for arguments in (("backup", "new.gz"), ("restore", "copy.gz")):
        status, _, err = command("state", *arguments)
        assert status == 3
        assert "is damaged" in err
        assert "`pressmark state restore --replace`" in err
    assert not Path("new.gz").exists()


@pytest.mark.parametrize("begin", [0, 4096], ids=["no database", "damaged in its middle"])
def test_damaged_state_makes_way_for_a_backup_and_is_kept(
    command: Command, url: str, begin: int
) -> None:
    assert command("state", "backup", "copy.gz")[0] == 0
    place = Path(url.removeprefix("sqlite:///"))
    before = place.read_bytes()
    damaged = before[:begin] + b"something else" * (len(before[begin:]) // 14)
    place.write_bytes(damaged)
    Path("bad.gz").write_bytes(b"something else")
    status, _, err = command("state", "restore", "bad.gz", "--replace")
    assert (status, place.read_bytes()) == (1, damaged)
    assert "bad.gz" in err
    assert str(place) not in err
    status, out, err = command("state", "restore", "copy.gz", "--replace", "--json")
    assert status == 0, err
    assert json.loads(out)["rows"] == len(rows(url)) == 3
    (aside,) = place.parent.glob("state.db.damaged-*")
    assert aside.read_bytes() == damaged
    assert aside.name in err
    assert sorted(path.name for path in place.parent.iterdir()) == [place.name, aside.name]


def test_state_of_a_newer_version(command: Command, url: str) -> None:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    status, _, err = command("state", "backup", "copy.gz")
    assert status == 3
    assert "use the Pressmark that wrote it" in err


def test_first_backup_of_a_new_home(command: Command) -> None:
    status, out, _ = command("state", "backup", "copy.gz")
    assert (status, out.startswith(b"0 rows backed up to copy.gz")) == (0, True)
