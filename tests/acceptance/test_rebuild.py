"""`rebuild-index`: the index is a cache of the objects."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import QUICK, Pressmark


@pytest.mark.parametrize("damage", ["lost", "damaged", "none"])
def test_index_is_made_again_from_the_objects(pressmark: Pressmark, damage: str) -> None:
    with DemoSite() as demo:
        assert pressmark("crawl", demo.url, "--json").status == 0
        assert pressmark("archive", demo.seed_url).status == 0
        host = demo.url
        before = pressmark("list", host, "--match", "host", "--json").lines
        assert len(before) > 20
    for path in pressmark.home.glob("index.db*"):
        if damage == "lost":
            path.unlink()
        elif damage == "damaged":
            path.write_bytes(b"no database")
    if damage != "none":
        asked = pressmark("list", host)
        assert asked.status in (1, 3)
        assert "rebuild-index" in asked.stderr
    pressmark("doctor")  # makes the state
    state = _dump(pressmark.home / "state.db")
    assert "alembic_version" in state
    line = pressmark("rebuild-index", "--json").line
    assert _dump(pressmark.home / "state.db") == state
    assert list(line) == ["segments", "captures", "documents", "seconds"]
    assert (line["segments"], line["captures"]) == (2, len(before))
    assert pressmark("list", host, "--match", "host", "--json").lines == before
    assert pressmark("search", "Almaty", "--json").lines
    assert pressmark("verify", "--json").line["findings"] == []


def test_capture_that_begins_an_index_beside_files_says_what_that_lacks(
    pressmark: Pressmark,
) -> None:
    with DemoSite() as demo:
        assert "rebuild-index" not in pressmark("archive", demo.seed_url).stderr
        for path in pressmark.home.glob("index.db*"):
            path.unlink()
        begun = pressmark("archive", f"{demo.url}/no-page")
        assert begun.stderr.count("run `pressmark rebuild-index`") == 1
        assert "rebuild-index" not in pressmark("archive", f"{demo.url}/no-page").stderr
    asked = pressmark("list", demo.seed_url)
    assert asked.status == 1
    assert "run `pressmark rebuild-index`" in asked.stderr
    assert pressmark("rebuild-index").status == 0
    assert pressmark("list", demo.seed_url).status == 0


def test_warc_without_its_cdxj_is_read_itself(pressmark: Pressmark) -> None:
    with DemoSite() as demo:
        assert pressmark("archive", demo.seed_url).status == 0
        before = pressmark("list", demo.url, "--match", "host", "--json").lines
    for path in pressmark.home.rglob("*.cdxj.gz"):
        path.unlink()
    assert pressmark("rebuild-index").status == 0
    assert pressmark("list", demo.url, "--match", "host", "--json").lines == before


def test_check_of_a_source_keeps_nothing(pressmark: Pressmark) -> None:
    with DemoSite() as demo:
        pressmark.configure(
            f"contact: a@example.org\nsources: [{{name: one, seeds: ['{demo.url}']}}]\n"
        )
        assert pressmark("sources", "check").status == 0
    assert list(pressmark.home.rglob("*.gz*")) == []


def test_store_and_mirror_are_healed_from_each_other(pressmark: Pressmark) -> None:
    assert pressmark("verify", "--repair").status == 2
    pressmark.configure(f"{QUICK}mirror: {pressmark.folder / 'second'}\n")
    with DemoSite() as demo:
        assert pressmark("archive", demo.seed_url).status == 0
    (warc,) = (pressmark.home / "collection").rglob("*.warc.gz")
    whole = warc.read_bytes()
    warc.write_bytes(whole[:-5])
    (cdxj,) = (pressmark.folder / "second").rglob("*.cdxj.gz")
    cdxj.unlink()
    assert pressmark("verify").status == 1
    line = pressmark("verify", "--repair", "--json").line
    assert line["findings"] == []
    assert {(one["key"].partition("/")[0], one["detail"]) for one in line["healed"]} == {
        ("warc", "it was damaged"),
        ("cdxj", "it was missing"),
    }
    assert warc.read_bytes() == whole
    assert cdxj.exists()
    assert pressmark("verify", "--repair", "--json").line["healed"] == []


def _dump(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump())
