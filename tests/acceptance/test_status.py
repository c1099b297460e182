"""`status`: what was crawled, what waits, and an answer although nobody else gives one."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from archive.names import new_name, new_run, text_of
from tests.acceptance.command import CONTACT, Pressmark, finish
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.servers.routes import html, site
from tests.waiting import until

_SOURCES = f"{CONTACT}defaults: {{delay: 0}}\nsources: [{{name: one, seeds: ['URL']}}]\n"


@pytest.fixture
def page() -> Iterator[str]:
    """URL of a page."""
    _, server = site({"/": html("<p>A page.")})
    with server:
        yield f"{server.url}/"


def test_before_anything_and_after_a_crawl(pressmark: Pressmark, page: str) -> None:
    pressmark.configure(_SOURCES.replace("URL", page))
    found = pressmark("status", "--json").line
    assert list(found) == [
        "home", "sources", "spool", "store", "state", "mirror", "index", "lag",
    ]  # fmt: skip

    assert found["sources"] == [
        {
            "name": "one",
            "configured": True,
            "last_crawl": None,
            "last_begun": None,
            "unfinished": False,
        }
    ]
    assert found["index"] == {
        "exists": False,
        "lost": False,
        "partial": False,
        "missing": 0,
        "segments": 0,
        "spooled": 0,
        "captures": 0,
        "documents": 0,
        "unextracted": 0,
        "restrictions": 0,
        "error": None,
    }
    assert not pressmark.home.exists()
    report = pressmark("crawl", "--json").line
    assert pressmark("archive", page).status == 0
    found = pressmark("status", "--json").line
    sources = {source["name"]: source for source in found["sources"]}
    assert sources["one"]["last_crawl"] >= report["job"][:14]
    assert sources["one"]["last_begun"] <= sources["one"]["last_crawl"]
    assert sources["ondemand"]["configured"] is False
    assert found["index"]["captures"] == report["captures"] + 2
    assert (found["index"]["spooled"], found["index"]["unextracted"]) == (0, 0)
    assert found["store"] == {"uri": found["store"]["uri"], "ok": True, "error": None}
    assert pressmark("restrict", page, "--reason", "why").status == 0
    assert pressmark("status", "--json").line["index"]["restrictions"] == 1
    text = pressmark("status").text
    assert "1 restriction in force" in text
    assert "source one" in text
    assert "0 files wait for the store" in text


def test_what_a_killed_process_left_is_not_called_open(pressmark: Pressmark) -> None:
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(99))
    _, server = site({"/": html(links)})
    with server:
        pressmark.configure(f"{CONTACT}defaults: {{delay: 0.1}}\n")
        with pressmark.start("crawl", f"{server.url}/") as process:
            until(lambda: pressmark.captures() >= 5)
            text = pressmark("status").text
            process.kill()
            finish(process)
    assert "0 are open" not in text
    assert "ended processes" not in text
    spool = pressmark("status", "--json").line["spool"]
    assert (spool["open"], spool["left_open"]) == (0, 2)
    assert (spool["processes"], spool["abandoned"]) == (0, 1)
    text = pressmark("status").text
    assert ", 0 are open" in text
    assert "1 left 2 open files; the next `archive` or `crawl` takes that up" in text


def test_a_source_whose_crawl_failed_was_not_crawled_never(pressmark: Pressmark) -> None:
    pressmark.configure(_SOURCES.replace("URL", "http://nowhere.invalid/"))
    assert "crawled never" in pressmark("status").text
    assert pressmark("crawl").status == 1
    text = pressmark("status").text
    assert "crawled never" not in text
    assert "UTC, nothing was captured" in text


def test_store_that_is_away_is_no_failure_of_status(
    pressmark: Pressmark, silent_store: socket.socket
) -> None:
    result = pressmark("status", "--json", timeout=120)
    assert result.status == 0, result.stderr
    assert result.line["store"]["ok"] is False
    assert "has not answered" in result.line["store"]["error"]


def test_index_that_cannot_be_read_is_one(pressmark: Pressmark) -> None:
    pressmark.home.mkdir()
    (pressmark.home / "index.db").write_bytes(b"not a database" * 100)
    result = pressmark("status", "--json")
    assert result.status == 3
    assert "index.db" in result.line["index"]["error"]
    assert result.line["store"]["ok"] is True


def test_what_is_known_without_the_database_is_shown(
    pressmark: Pressmark, own_postgres: PostgresServer, page: str
) -> None:
    mirror = f"mirror: {pressmark.folder / 'second'}\n"
    pressmark.configure(_SOURCES.replace("URL", page) + mirror)
    pressmark.environment["PRESSMARK_DATABASE_URL"] = own_postgres.make_database()
    assert pressmark("crawl").status == 0
    assert pressmark("status").status == 0
    left = pressmark.home / "spool/1-left"
    left.mkdir()
    name = new_name("one")
    (left / text_of(f"{name}.warc.gz", new_run())).write_bytes(b"waits")
    own_postgres.stop()
    result = pressmark("status", "--json")
    assert (result.status, result.stderr) == (3, "")
    found = result.line
    assert "check that the database runs" in found["mirror"]["error"]
    assert "can be reached" in found["index"].pop("error")
    assert set(found["index"].values()) == {None}
    assert (found["spool"]["bytes"], found["spool"]["sealed"]) == (5, 1)
    assert found["spool"]["free"] > 0
    assert found["store"]["ok"] is True
    assert [source["name"] for source in found["sources"]] == ["one"]
    result = pressmark("status")
    assert (result.status, result.stderr) == (3, "")
    rows = [line.split()[0] for line in result.text.splitlines()]
    expected = ["source", "spool", "ended", "disk", "store", "mirror", "lag", "index"]
    assert rows == expected
    assert "last crawl not known" in result.text
    assert PASSWORD not in result.text
