"""Exit statuses: 0 well, 1 failed, 2 wrong usage, 3 storage or database unavailable."""

from __future__ import annotations

import socket
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.model import Segment
from archive.names import key_of, new_name
from tests.crawler.cli.command import Command
from tests.exchanges import page
from tests.keeping import archive_messages

URL = "http://a.org/"


@pytest.fixture
def warc(collection: Collection) -> Path:
    """The stored WARC of one page."""
    (capture,) = archive_messages(collection, (URL, page(), 0))
    return Path("data/collection") / key_of(capture.filename)


@pytest.mark.usefixtures("warc")
@pytest.mark.parametrize("arguments", [["get", URL], ["list", URL], ["--version"], ["-h"]])
def test_all_well_is_0(command: Command, arguments: list[str]) -> None:
    status, _, err = command(*arguments)
    assert (status, err) == (0, "")


@pytest.mark.usefixtures("warc")
def test_search_without_a_result_says_so(command: Command) -> None:
    status, out, err = command("search", "nothing")
    assert (status, out) == (0, b"")
    assert "no document has all of: nothing" in err


@pytest.mark.usefixtures("warc")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_search_in_a_source_that_there_is_not_fails(command: Command, more: list[str]) -> None:
    status, out, err = command("search", "nothing", "--source", "courier", *more)
    assert (status, out) == (1, b"")
    assert "the archive has no source 'courier': `pressmark status` shows" in err


@pytest.mark.usefixtures("warc")
@pytest.mark.parametrize("verb", ["get", "list"])
@pytest.mark.parametrize("text", ["no URL", "example", "ftp://example.org/", "/news/a.html", ""])
def test_what_is_no_url_is_wrong_usage(command: Command, verb: str, text: str) -> None:
    status, _, err = command(verb, text)
    assert status == 2
    assert "not an http or https URL" in err


@pytest.mark.usefixtures("warc")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["get", "http://a.org/never"], "not in the collection"),
        (["list", "http://a.org/never"], "not in the collection"),
        (["get", URL, "--as", "json"], "the text of"),
        (["get", URL, "-o", "no/such/folder"], "cannot write no/such/folder"),
        (["verify"], None),
    ],
)
def test_what_failed_is_1(command: Command, arguments: list[str], words: str | None) -> None:
    """`verify` finds a WARC that has no manifest."""
    status, out, err = command(*arguments)
    assert status == 1
    if words is None:
        assert b"orphan" in out
        assert b"orphan: a file of this collection needs its manifest again" in out
    else:
        assert words in err
        assert err.startswith(("pressmark: ", "Error: "))
        assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["get"],
        ["get", URL, "--at", "soon"],
        ["nothing"],
        ["verify", "--sample", "0"],
        ["search", "word", "--language", "english"],
        ["crawl", "x"],
    ],
)
def test_wrong_usage_is_2(command: Command, arguments: list[str]) -> None:
    assert command(*arguments)[0] == 2


@pytest.mark.usefixtures("warc")
def test_word_for_a_language_is_told_what_a_code_is(command: Command) -> None:
    _, _, err = command("search", "word", "--language", "english")
    assert "'english' is no language code: two letters, such as en" in err
    assert "no document" in command("search", "word", "--language", "EN")[2]


def test_place_that_cannot_be_listened_on_is_2(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, out, err = command("serve", "--port", str(taken.getsockname()[1]))
    assert (status, out) == (2, b"")
    assert "cannot listen on 127.0.0.1" in err
    # Of a network for examples (RFC 5737).
    status, _, err = command("serve", "--host", "192.0.2.1", "--port", "0")
    assert status == 2
    assert "choose another one with --host" in err


def test_wrong_configuration_is_2(command: Command) -> None:
    Path("pressmark.yaml").write_text("contact: [\n")
    status, _, err = command("list", URL)
    assert status == 2
    assert "pressmark.yaml" in err


def test_changed_record_is_1_and_none_of_it_is_printed(command: Command, warc: Path) -> None:
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 0x10
    warc.chmod(0o600)
    warc.write_bytes(data)
    for form in ("raw", "headers", "warc", "payload", "body"):
        status, out, err = command("get", URL, "--as", form)
        assert (status, out) == (1, b""), form
        assert f"the record of {URL} of 20261122" in err
        assert "is damaged" in err
        assert "`pressmark verify --repair`" in err
        assert f"bring {warc.name} back from a backup" in err


def test_record_that_was_written_over_is_called_damaged(command: Command, warc: Path) -> None:
    """Nothing of what stands there now is shown, nor what a library says of it."""
    warc.chmod(0o600)
    warc.write_bytes(b"\x07Overwritten" * (warc.stat().st_size // 12 + 1))
    for arguments in (["get", URL], ["get", URL, "--at", "2026"]):
        status, out, err = command(*arguments)
        assert (status, out) == (1, b"")
        assert "is damaged (its place holds no whole WARC record): `pressmark verify" in err
        assert "Overwritten" not in err


def test_index_that_is_no_database_is_3_until_it_is_rebuilt(
    command: Command, collection: Collection, warc: Path
) -> None:
    collection.close()
    for path in Path("data").glob("index.db-*"):
        path.unlink()
    Path("data/index.db").write_bytes(b"no database" * 1000)
    status, _, err = command("list", URL)
    assert status == 3
    assert "index.db is damaged (file is not a database): run `pressmark rebuild-index`" in err
    assert command("rebuild-index")[0] == 0
    assert warc.name in command("list", URL, "--json")[1].decode()


def test_index_of_another_version_is_3(command: Command, collection: Collection) -> None:
    collection.close()
    with sqlite3.connect("data/index.db") as database:
        database.execute("UPDATE index_version SET version = 99")
    database.close()
    status, _, err = command("list", URL)
    assert status == 3
    assert "rebuild-index" in err


def test_missing_object_and_spool_of_another_machine_are_3(
    command: Command, collection: Collection, warc: Path
) -> None:
    warc.unlink()
    status, _, err = command("get", URL)
    assert status == 3
    assert "`pressmark verify --repair` brings it back" in err
    assert "bring it back from a backup of the collection" in err
    _, out, _ = command("verify")
    assert b"1 missing, 0 orphans, 0 unindexed\nbad or missing: bring objects back" in out
    with Path("pressmark.yaml").open("a") as file:
        file.write("mirror: second\n")
    assert b"bad or missing: `pressmark verify --repair`" in command("verify")[1]
    (capture,) = collection.index.captures_of(warc.name)
    filename = f"{new_name('far')}.warc.gz"
    far = Segment(filename=filename, source="far", state="spooled", node="crawler7", path="/x")
    collection.index.add_segment(far)
    collection.index.commit([replace(capture, filename=filename, timestamp="20270101000000")])
    status, _, err = command("get", URL)
    assert status == 3
    assert "crawler7" in err
    assert socket.gethostname() != "crawler7"


def test_store_that_cannot_be_is_3(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("")
    monkeypatch.setenv("PRESSMARK_COLLECTION", str(Path("file").absolute()))
    status, _, err = command("verify")
    assert status == 3
    assert "not a folder" in err
