"""A first store that has vanished: a disk that is not mounted, a bucket that is another one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.command import QUICK, Pressmark
from tests.servers.ceph import S3Server
from tests.servers.routes import html, site


@pytest.fixture
def page() -> Iterator[str]:
    """URL of a page."""
    _, server = site({"/": html("<title>Kept</title><p>Kept all the same.")})
    with server:
        yield f"{server.url}/"


@pytest.fixture
def emptied(pressmark: Pressmark, page: str) -> Path:
    """Where the disk of the collection was mounted; it lies in `data/away` now."""
    collection = pressmark.home / "collection"
    for _ in range(3):
        assert pressmark("archive", page).status == 0
    collection.rename(pressmark.home / "away")
    collection.mkdir()
    return collection


def failed(pressmark: Pressmark) -> tuple[int, list[dict[str, Any]]]:
    """Status of `doctor`, and what it found wrong."""
    result = pressmark("doctor", "--json")
    return result.status, [line for line in result.lines if not line["ok"]]


def test_nothing_is_begun_in_an_empty_place_and_nothing_is_lost(
    pressmark: Pressmark, emptied: Path, page: str
) -> None:
    said = "is empty, although 3 files are stored there by the index"
    result = pressmark("archive", page, "--json")
    assert (result.status, result.line["state"]) == (3, "spooled")
    assert said in result.stderr
    assert "mount its disk, or correct `collection`" in result.stderr
    assert "run `pressmark rebuild-index --forget-missing`" in result.stderr
    assert "waits in the spool" in result.stderr
    assert pressmark("crawl", page, "--depth", "0").status == 3

    found = pressmark("status", "--json").line
    assert found["store"]["ok"] is False
    assert said in found["store"]["error"]
    assert found["index"]["missing"] is None
    status, (check,) = failed(pressmark)
    assert (status, check["check"]) == (3, "index and store")
    assert said in check["detail"]
    before = pressmark.captures()
    result = pressmark("rebuild-index")
    assert result.status == 3
    assert "lacks 3 of 3 files that the index calls stored there" in result.stderr
    assert pressmark.captures() == before
    assert list(emptied.iterdir()) == []

    emptied.rmdir()
    (pressmark.home / "away").rename(emptied)
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert pressmark("status", "--json").line["spool"]["sealed"] == 0
    assert pressmark("verify", "--json").line["findings"] == []
    assert failed(pressmark) == (0, [])


def test_new_place_is_used_when_that_is_said(
    pressmark: Pressmark, emptied: Path, page: str
) -> None:
    assert pressmark("archive", page).status == 3
    result = pressmark("rebuild-index", "--forget-missing", "--json")
    assert result.status == 1
    assert "the index alone says that it is stored" in result.stderr
    assert result.line["segments"] == 1
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert (emptied / "collection.json").exists()
    assert failed(pressmark) == (0, [])


def test_what_a_filled_store_lacks_is_counted(
    pressmark: Pressmark, emptied: Path, page: str
) -> None:
    """As if another Pressmark had begun a collection there."""
    away = pressmark.home / "away"
    (emptied / "collection.json").write_bytes((away / "collection.json").read_bytes())
    assert pressmark("archive", page).status == 0
    status, (check,) = failed(pressmark)
    assert status == 1
    assert "the store lacks 3 of 4 files that the index names" in check["detail"]
    assert "mount its disk" in check["remedy"]
    assert pressmark("status", "--json").line["index"]["missing"] == 3
    assert "the store lacks 3 of the files that it calls stored" in pressmark("status").text


def test_mirror_fills_a_new_disk_when_that_is_said(
    pressmark: Pressmark, page: str, tmp_path: Path
) -> None:
    pressmark.configure(f"{QUICK}mirror: {tmp_path / 'second'}\n")
    assert pressmark("archive", page).status == 0
    collection = pressmark.home / "collection"
    collection.rename(pressmark.home / "away")
    for arguments in (["archive", page], ["verify", "--repair"]):
        result = pressmark(*arguments)
        assert result.status == 3
        assert "copy collection.json of its mirror into it" in result.stderr
        assert not collection.exists()
    collection.mkdir()
    description = (tmp_path / "second/collection.json").read_bytes()
    (collection / "collection.json").write_bytes(description)
    pressmark("verify", "--repair")
    assert pressmark("archive", page).status == 0
    result = pressmark("verify", "--repair", "--json")
    assert (result.status, result.line["findings"], result.line["healed"]) == (0, [], [])
    assert failed(pressmark) == (0, [])


def test_wrong_bucket_is_not_written_to(
    pressmark: Pressmark, page: str, s3: S3Server, s3_bucket: str
) -> None:
    pressmark.store_in(s3, s3_bucket)
    assert pressmark("archive", page).status == 0
    wrong = s3.make_bucket()
    pressmark.store_in(s3, wrong)
    result = pressmark("archive", page, "--json")
    assert (result.status, result.line["state"]) == (3, "spooled")
    assert f"s3://{wrong}/news/main is empty, although 1 files" in result.stderr
    assert "Contents" not in s3.client.list_objects_v2(Bucket=wrong)
    pressmark.store_in(s3, s3_bucket)
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert pressmark("verify", "--json").line["findings"] == []


@pytest.fixture
def others(pressmark: Pressmark, page: str, tmp_path: Path) -> Path:
    """Folder of somebody else's collection."""
    folder = tmp_path / "neighbour"
    folder.mkdir()
    neighbour = Pressmark(folder)
    assert neighbour("archive", page).status == 0
    return neighbour.home / "collection"


def test_another_collection_is_not_written_to(
    pressmark: Pressmark, page: str, others: Path
) -> None:
    assert pressmark("archive", page).status == 0
    before = sorted(others.rglob("*"))
    pressmark.environment["PRESSMARK_COLLECTION"] = str(others)
    file = next(others.rglob("*.warc.gz"))
    captures = (["archive", page], ["crawl", page], ["import", str(file)])
    for arguments in (*captures, ["doctor", "--repair"]):
        result = pressmark(*arguments)
        assert (result.status, result.text) == (2, "")
        assert "is another collection than the one that the index is of" in result.stderr
        assert "correct `collection`" in result.stderr
    assert "another collection" in pressmark("status", "--json").line["store"]["error"]
    status, (check,) = failed(pressmark)
    assert (status, check["check"]) == (2, "index and store")
    assert pressmark("rebuild-index").status == 2
    assert sorted(others.rglob("*")) == before
    assert pressmark("list", page, "--json").line["source"] == "ondemand"
    # Where that is really meant, all is well from then on.
    assert pressmark("rebuild-index", "--forget-missing").status == 1
    assert pressmark("archive", page).status == 0
    assert failed(pressmark) == (0, [])


def test_what_waits_in_the_spool_goes_to_no_other_collection(
    pressmark: Pressmark, page: str, others: Path
) -> None:
    assert pressmark("archive", page).status == 0
    own = pressmark.home / "collection"
    own.rename(pressmark.home / "away")
    assert pressmark("archive", page).status == 3
    pressmark.environment["PRESSMARK_COLLECTION"] = str(others)
    assert pressmark("archive", page).status == 2
    del pressmark.environment["PRESSMARK_COLLECTION"]
    (pressmark.home / "away").rename(own)
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert pressmark("status", "--json").line["spool"]["sealed"] == 0
    assert pressmark("verify", "--json").line["findings"] == []


def test_lost_description_comes_back_and_its_backup_fits(pressmark: Pressmark, page: str) -> None:
    assert pressmark("archive", page).status == 0
    description = pressmark.home / "collection/collection.json"
    original = description.read_bytes()
    for arguments in ([], ["rebuild-index"]):
        description.unlink()
        if arguments:
            assert pressmark(*arguments).status == 0
        assert pressmark("archive", page, "--json").line["state"] == "stored"
        assert description.read_bytes() == original
    # What a tool or an editor makes of it is the same collection.
    description.write_text(json.dumps(json.loads(original), indent=4, sort_keys=True))
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert pressmark("rebuild-index").status == 0
    assert failed(pressmark) == (0, [])
    # It may be removed when it is damaged, as the refusal says.
    description.write_bytes(original[:-9])
    result = pressmark("archive", page)
    assert "remove it, and the next capture writes it again" in result.stderr
    assert pressmark("rebuild-index").status == 0
    description.unlink()
    assert pressmark("archive", page).status == 0
    assert json.loads(description.read_bytes()) == json.loads(original)
    assert failed(pressmark) == (0, [])


@pytest.mark.slow
@pytest.mark.parametrize("first", [["rebuild-index"], ["archive"], ["doctor"]])
def test_index_that_never_stored_anything_goes_with_any_collection(
    pressmark: Pressmark, page: str, others: Path, first: list[str]
) -> None:
    result = pressmark("archive", "http://127.0.0.1:1/", "--json")
    assert (result.status, result.line["ok"]) == (1, False)
    assert (pressmark.home / "collection/collection.json").exists()
    pressmark.environment["PRESSMARK_COLLECTION"] = str(others)
    before = (others / "collection.json").read_bytes()
    result = pressmark(*first, *([page] if first == ["archive"] else []))
    assert "is another collection" not in result.stderr + result.text
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert (others / "collection.json").read_bytes() == before
    assert pressmark("status", "--json").line["store"]["ok"] is True
    assert pressmark("rebuild-index").status == 0
    assert failed(pressmark) == (0, [])
    # Now it is of that one.
    del pressmark.environment["PRESSMARK_COLLECTION"]
    assert pressmark("archive", page).status == 2
