"""An index that is not there: it is not made by who only looks, and who has lost one is told."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.collection import Collection
from archive.names import key_of
from config.load import load
from crawler.opening import open_collection
from tests.crawler.cli.command import Command
from tests.exchanges import exchange, page
from tests.keeping import place


def checks_of(out: bytes) -> dict[str, dict[str, Any]]:
    return {line["check"]: line for line in map(json.loads, out.splitlines())}


def test_nothing_is_wrong_before_the_first_capture(command: Command) -> None:
    status, out, _ = command("status")
    assert status == 0
    assert b"no index yet; the first capture makes it" in out
    assert not Path("data").exists()
    status, out, _ = command("doctor", "--json")
    assert status == 0
    assert all(check["ok"] for check in checks_of(out).values())
    assert not Path("data/index.db").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "https://example.org/"],
        ["get", "https://example.org/"],
        ["search", "miners"],
        ["verify"],
        ["rebuild-index"],
        ["state", "backup", "copy.gz"],
        ["state", "restore", __file__],
        ["status"],
        ["doctor"],
        ["doctor", "--repair"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_who_looks_in_a_folder_of_nobody_is_told(command: Command, arguments: list[str]) -> None:
    assert "neither a pressmark.yaml" not in command(*arguments)[2]
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    status, out, err = command(*arguments)
    assert (status, out) == (2, b"")
    assert "go where your pressmark.yaml is" in err
    assert err.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_an_audit_before_the_first_capture_finds_nothing(command: Command) -> None:
    status, out, err = command("verify")
    assert (status, err) == (0, "")
    assert b"0 unindexed" in out
    assert not Path("data/index.db").exists()


@pytest.fixture
def lost(command: Command) -> str:
    """Name of a file in the store of a collection that has no index any more."""
    name = "one-20261122093000123-k3m5p7r2t4.warc.gz"
    with closing(open_collection(load())) as collection:
        collection.ensure()
        collection.store.put_new(key_of(name), b"")
    for path in Path("data").glob("index.db*"):
        path.unlink()
    return name


@pytest.mark.usefixtures("lost")
def test_lost_one_stays_lost_and_is_named(command: Command) -> None:
    status, out, _ = command("status")
    assert status == 0
    assert b"run `pressmark rebuild-index`" in out
    assert json.loads(command("status", "--json")[1])["index"]["lost"] is True
    status, out, _ = command("doctor", "--json")
    assert status == 1
    failed = {name: one["remedy"] for name, one in checks_of(out).items() if not one["ok"]}
    assert failed == {"index and store": "run `pressmark rebuild-index`"}
    assert not Path("data/index.db").exists()
    status, _, err = command("list", "https://example.org/")
    assert status == 1
    assert "there is no index" in err


@pytest.mark.parametrize("left", [None, b""], ids=["nothing is left", "an empty file is left"])
def test_an_audit_names_what_a_lost_one_lacks_and_makes_none(
    command: Command, collection: Collection, left: bytes | None
) -> None:
    filename = asyncio.run(_stored(collection))
    for path in Path("data").glob("index.db*"):
        path.unlink()
    if left is not None:
        Path("data/index.db").write_bytes(left)
    for _ in range(2):
        status, out, err = command("verify")
        assert status == 1
        assert f"unindexed  {filename}".encode() in out
        assert b"0 bad, 0 missing, 0 orphans, 1 unindexed" in out
        assert "no index, but files in the store: run `pressmark rebuild-index`" in err
    found = [path.read_bytes() for path in Path("data").glob("index.db*")]
    assert found == ([] if left is None else [left])
    # The next capture still notices.
    with closing(open_collection(load())) as begun:
        begun.mark_new_index()
        assert begun.index.is_partial()
    assert command("rebuild-index")[0] == 0
    assert command("verify")[0] == 0


async def _stored(collection: Collection) -> str:
    """File name of a segment that is stored."""
    async with place(Path("data"), collection.store) as here:
        made = exchange("https://example.org/", page("A page"))
        (capture,) = await here.writer.keep("ondemand", [made])
        await here.writer.seal()
        assert await here.drain()
    return capture.filename


def test_one_that_was_begun_anew_beside_files_says_so_until_it_is_rebuilt(
    command: Command, lost: str
) -> None:
    with closing(open_collection(load())) as begun:
        begun.mark_new_index()
    for asked in (["list", "https://example.org/"], ["get", "https://example.org/"]):
        status, _, err = command(*asked)
        assert status == 1
        assert "not in the collection: the index was begun anew" in err
        assert "run `pressmark rebuild-index`" in err
        assert err.count("\n") == 1
    status, _, err = command("search", "miners")
    assert status == 0
    assert "run `pressmark rebuild-index`" in err
    said = b"it lacks files that the store has: run `pressmark rebuild-index`"
    assert said in command("status")[1]
    assert json.loads(command("status", "--json")[1])["index"]["partial"] is True
    next(Path("data").rglob(lost)).unlink()
    assert command("rebuild-index")[0] == 0
    assert json.loads(command("status", "--json")[1])["index"]["partial"] is False
    assert "begun anew" not in command("list", "https://example.org/")[2]
