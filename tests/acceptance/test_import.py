"""`pressmark import` and `doctor --repair` as people run them."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from archive.names import key_of
from tests.acceptance.command import CONTACT, Pressmark
from tests.archive.importing import samples
from tests.exchanges import exchange, response
from tests.keeping import place
from tests.validators import check_warcs

PAGE = (
    b"<html lang=en><head><title>The dam</title></head><body><article><h1>The dam</h1>"
    + b"<p>Workers at the dam said on Monday that their wages had been withheld for months.</p>" * 9
    + b"</article></body></html>"
)


@pytest.fixture(autouse=True)
def article(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with something to extract."""
    monkeypatch.setattr(samples, "PAGE", PAGE)


def test_files_are_taken_in_with_their_texts_and_refused_by_name(
    pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    good = samples.warcio_file(folder / "a.warc.gz", ["https://example.org/1"])
    plain = samples.warcio_file(folder / "b.warc", ["https://example.org/2"], compressed=False)
    package = samples.wacz(folder / "c.wacz", {"b.warc": plain.read_bytes() + plain.read_bytes()})
    bad = folder / "bad.warc.gz"
    bad.write_bytes(good.read_bytes()[:-9])
    done = pressmark("import", str(good), str(plain), str(package), str(bad), "--json")
    assert done.status == 1
    line = done.line
    (refused,) = line.pop("refused")
    assert line == {"segments": 3, "captures": 4, "documents": 4, "known": 0, "repeated": 2}
    assert refused["file"] == str(bad)
    assert "ends within the member" in refused["error"]
    assert f"nothing was taken in of {bad}" in done.stderr
    again = pressmark("import", str(good), str(plain), "--json").line
    assert (again["segments"], again["captures"], again["known"]) == (0, 0, 2)
    assert len(pressmark("list", "https://example.org/", "--match", "host", "--json").lines) == 4
    assert pressmark("get", "https://example.org/1", "--as", "body").stdout == PAGE
    assert {hit["url"] for hit in pressmark("search", "wages", "--json").lines} == {
        "https://example.org/1",
        "https://example.org/2",
    }
    assert pressmark("verify", "--json").line["findings"] == []
    before = pressmark("list", "https://example.org/", "--match", "host", "--json").stdout
    assert pressmark("rebuild-index").status == 0
    assert pressmark("list", "https://example.org/", "--match", "host", "--json").stdout == before
    assert check_warcs(pressmark.home / "collection") == 3


def test_what_the_collection_wrote_itself(
    pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def writes() -> None:
        async with place(pressmark.home) as here:
            html = response(PAGE, b"Content-Type: text/html")
            await here.writer.keep("ondemand", [exchange("https://example.org/1", html)])
            await here.writer.seal()
            assert await here.drain()

    asyncio.run(writes())
    (own,) = (pressmark.home / "collection/warc").rglob("*.warc.gz")
    copy = tmp_path_factory.mktemp("copies") / "renamed.warc.gz"
    copy.write_bytes(own.read_bytes())
    done = pressmark("import", str(own), str(copy), "--json")
    assert (done.line["segments"], done.line["captures"], done.line["known"]) == (0, 0, 2)
    part = copy.with_name("part.warc.gz")
    part.write_bytes(pressmark("get", "https://example.org/1", "--as", "warc").stdout)
    done = pressmark("import", str(part), "--json")
    assert (done.status, done.line["segments"], done.line["repeated"]) == (0, 1, 1)
    assert "1 of its 1 captures were in the collection before" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("passwd", b"root:x:0:0\n", "is no WARC record"),
        ("a.warc", b"", "holds no record"),
        ("a.warc.gz", gzip.compress(b"root:x:0:0\n"), "is no WARC record"),
        ("a.warc.gz", b"\x1f\x8b torn", "is damaged"),
        ("a.wacz", b"root:x:0:0\n", "is no ZIP file"),
    ],
)
def test_nothing_is_made_for_what_is_no_archive(
    pressmark: Pressmark,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    content: bytes,
    reason: str,
) -> None:
    file = tmp_path_factory.mktemp("theirs") / name
    file.write_bytes(content)
    done = pressmark("import", str(file), "--json")
    assert (done.status, done.line["segments"]) == (1, 0)
    assert reason in done.line["refused"][0]["error"]
    assert f"nothing was taken in of {file}: " in done.stderr
    assert not pressmark.home.exists()


def test_one_is_counted_as_one_and_was_not_crawled(
    pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    file = samples.warcio_file(folder / "a.warc.gz", ["https://example.org/1"])
    text = folder / "text"
    text.write_bytes(b"no archive")
    done = pressmark("import", str(file), str(text))  # a part is taken in as before
    assert (done.status, done.text) == (1, "1 segment, 1 capture, 1 document\n")
    text_of_status = pressmark("status").text
    assert "1 capture, 1 document in 1 file, of which 0 are not stored yet" in text_of_status
    assert "source imported  the newest file that was imported is of 2" in text_of_status
    assert "crawled" not in text_of_status
    assert pressmark("rebuild-index").text.startswith("1 segment, 1 capture, 1 document in ")
    assert "names 1 stored file, the store has it" in pressmark("doctor").text


@pytest.mark.parametrize("arguments", [[], ["nothing.warc.gz"]])
def test_wrong_usage(pressmark: Pressmark, arguments: list[str]) -> None:
    assert pressmark("import", *arguments).status == 2


@pytest.mark.parametrize("name", ["A B", "_a", "ondemand"])
def test_what_is_no_name_of_a_source(
    pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    file = samples.warcio_file(folder / "a.warc.gz", ["https://example.org/1"])
    done = pressmark("import", str(file), "--source", name)
    assert done.status == 2
    assert "--source" in done.stderr


@pytest.mark.parametrize("name", ["a__b", "a_"])
def test_any_name_that_a_source_may_have(
    pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("theirs")
    file = samples.warcio_file(folder / "a.warc.gz", ["https://example.org/1"])
    assert pressmark("import", str(file), "--source", name).status == 0
    (warc,) = (pressmark.home / "collection/warc").rglob("*.warc.gz")
    assert warc.name.startswith(f"{name}-")


@pytest.mark.unsound_warcs
def test_what_an_earlier_command_left_is_not_the_imports_failure(
    pressmark: Pressmark, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def dies() -> str:
        async with place(pressmark.home) as here:
            (kept,) = await here.writer.keep("ondemand", [exchange("https://example.org/1")])
            return kept.filename

    name = asyncio.run(dies())
    in_the_way = pressmark.home / "collection" / key_of(name)
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_bytes(b"of somebody else")
    folder = tmp_path_factory.mktemp("theirs")
    file = samples.warcio_file(folder / "a.warc.gz", ["https://example.org/2"])
    done = pressmark("import", str(file), "--json")
    assert done.status == 0, done.stderr
    assert "what an earlier command left in the spool is not stored yet" in done.stderr


def test_repair_does_not_pause_for_a_full_spool(pressmark: Pressmark) -> None:
    """Nothing of it is crawled."""
    pressmark.configure(f"{CONTACT}store_wait: 1\nspool: {{min_free: 1000TB}}\n")
    assert "pausing" in pressmark("archive", "http://127.0.0.1:9/").stderr
    assert "pausing" not in pressmark("doctor", "--repair").stderr


def test_repair_takes_up_what_a_process_left_and_makes_its_texts(pressmark: Pressmark) -> None:
    async def dies() -> None:
        async with place(pressmark.home) as here:
            html = response(PAGE, b"Content-Type: text/html")
            await here.writer.keep("ondemand", [exchange("https://example.org/1", html)])

    asyncio.run(dies())
    (open_file,) = (pressmark.home / "spool").rglob("*.warc.gz.open")
    with open_file.open("ab") as file:
        file.write(b"\x1f\x8b torn")
    done = pressmark("doctor", "--repair", "--json")
    assert done.status == 0, done.stderr
    repaired = done.lines[0]["repair"]
    assert repaired == {
        "segments": 1,
        "captures": 1,
        "documents": 0,
        "extracted": 1,
        "unextracted": 0,
        "cut": 7,
        "left": [],
        "lost": [],
    }
    assert all(check["ok"] for check in done.lines[1:])
    assert len(pressmark("search", "wages", "--json").lines) == 1
    assert pressmark("verify", "--json").line["findings"] == []
    assert list((pressmark.home / "spool").iterdir()) == []
    second = pressmark("doctor", "--repair")
    assert second.status == 0
    assert "taken up: 0 segments" in second.text
