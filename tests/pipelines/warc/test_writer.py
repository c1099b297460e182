"""The writer: durable before it is told, one group or none, and nothing after a failure."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from archive.errors import IndexUnavailable, WriteError
from archive.index import CaptureQuery
from archive.model import Article, Capture
from archive.names import key_of, sibling
from archive.recovery import adopt, read_contents
from archive.verify import verify
from tests.exchanges import exchange, page
from tests.keeping import Place, place

ARTICLE = Article(title="T", text="One paragraph.", quality="thin", extraction_status="ok")


def _numbered(number: int, **options: Any) -> Any:
    return exchange(f"https://example.org/{number}", page(f"Page {number}"), **options)


def test_spooled_capture_is_on_disk_and_in_the_index(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            (capture,) = await here.writer.keep("ondemand", [_numbered(1)])
            open_file = here.spool.path / f"{capture.filename}.open"
            contents = read_contents(open_file, capture.filename)
            assert contents.captures == [capture]
            assert here.collection.index.find(capture.url) == capture
            assert here.collection.open(capture).raw == page("Page 1")

    asyncio.run(main())


def test_sealed_segment_is_whole_in_the_store(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            captures = [
                (await here.writer.keep("ondemand", [_numbered(number)]))[0] for number in range(5)
            ]
            await here.writer.add(captures[0], ARTICLE)
            (filename,) = await here.writer.seal()
            assert await here.drain()
            store = here.collection.store
            for ending in ("warc.gz", "cdxj.gz", "jsonl"):
                assert store.head(key_of(sibling(filename, ending)))  # type: ignore[arg-type] # str
            assert [stored.key for stored in store.list("text/")]
            assert here.collection.index.segment(filename).state == "stored"
            assert [path.name for path in here.spool.path.iterdir()] == ["lock"]
            assert here.collection.open(captures[3]).raw == page("Page 3")
            report = verify(here.collection)
            assert report.findings == []
            assert (report.objects, report.records) == (5, 11)

    asyncio.run(main())


def test_many_at_once_and_one_group_a_source(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            kept = await asyncio.gather(
                *(
                    here.writer.keep(source, [_numbered(number, source=source)])
                    for number in range(200)
                    for source in ("one", "two")
                )
            )
            captures = [capture for (capture,) in kept]
            assert len({(c.filename, c.offset) for c in captures}) == 400
            assert {c.filename.split("-")[0] for c in captures} == {"one", "two"}
            for capture in captures:
                number = capture.url.rpartition("/")[2]
                assert here.collection.open(capture).raw == page(f"Page {number}")
            assert len(await here.writer.seal()) == 2
            assert await here.drain()
            assert verify(here.collection).findings == []

    asyncio.run(main())


@pytest.mark.parametrize("rule", [{"max_bytes": 3000}, {"max_age": 0.05}])
def test_roll_over_by_size_and_by_age(tmp_path: Path, rule: dict[str, float]) -> None:
    async def main() -> None:
        async with place(tmp_path, **rule) as here:  # type: ignore[arg-type] # one of the two
            for number in range(20):
                (capture,) = await here.writer.keep("ondemand", [_numbered(number)])
                await here.writer.add(capture, ARTICLE)
                await asyncio.sleep(0.01)
            await here.writer.seal()
            assert await here.drain()
            assert len(here.collection.index.segments("stored")) > 2
            assert here.collection.index.segments("spooled") == []
            assert verify(here.collection).findings == []

    asyncio.run(main())


def test_idle_segment_is_sealed_by_its_age(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path, max_age=0.2) as here:
            await here.writer.keep("ondemand", [_numbered(1)])
            for _ in range(100):
                if here.collection.index.segments("stored"):
                    return
                await asyncio.sleep(0.05)
            raise AssertionError("never sealed")

    asyncio.run(main())


async def _break_and_keep(here: Place, monkeypatch: pytest.MonkeyPatch, what: str) -> Capture:
    (before,) = await here.writer.keep("ondemand", [_numbered(1)])

    def fail(*_: object, **__: object) -> None:
        if what == "index":
            raise IndexUnavailable("the index is gone")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        # The kernel cannot be told to fail one fsync from here; the fault suite does it by strace.
        patch.setattr(
            *{"fsync": (os, "fsync"), "index": (type(here.collection.index), "commit")}[what], fail
        )
        with pytest.raises(WriteError, match=r"example\.org/2"):
            await here.writer.keep("ondemand", [_numbered(2)])
    return before


@pytest.mark.parametrize("what", ["fsync", "index"])
def test_failed_group_is_taken_back_and_nothing_is_written_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            before = await _break_and_keep(here, monkeypatch, what)
            with pytest.raises(WriteError):
                await here.writer.keep("ondemand", [_numbered(3)])
            with pytest.raises(WriteError):
                await here.writer.add(before, ARTICLE)
            await here.writer.seal()
            assert await here.drain()
            found = here.collection.index.captures(CaptureQuery(url=before.url, match="host"))
            assert list(found) == [before]
            assert verify(here.collection).findings == []

    asyncio.run(main())


def test_open_segment_of_a_dead_process_is_recovered(tmp_path: Path) -> None:
    async def first() -> list[Capture]:
        async with place(tmp_path) as here:
            kept = await here.writer.keep("ondemand", [_numbered(1), _numbered(2)])
            await here.writer.add(kept[0], ARTICLE)
            return list(kept)

    async def second(kept: list[Capture]) -> None:
        async with place(tmp_path) as here:
            adopted = adopt(tmp_path, here.collection.index, here.uploader)
            assert len(adopted) == 1
            assert await here.drain()
            for spool in adopted:
                spool.close()
            assert [here.collection.open(capture).capture for capture in kept] == kept
            assert here.collection.document(kept[0]) is not None
            assert here.collection.index.segments("spooled") == []
            assert verify(here.collection).findings == []
            assert list((tmp_path / "spool").iterdir()) == [here.spool.path]

    kept = asyncio.run(first())
    (warc,) = (tmp_path / "spool").rglob("*.warc.gz.open")
    with warc.open("ab") as file:
        file.write(b"\x1f\x8b\x08\x00torn")
    asyncio.run(second(kept))


def test_index_lost_with_the_process_is_made_again_from_the_spool(tmp_path: Path) -> None:
    async def first() -> list[Capture]:
        async with place(tmp_path) as here:
            return list(await here.writer.keep("ondemand", [_numbered(1), _numbered(2)]))

    async def second(kept: list[Capture]) -> None:
        async with place(tmp_path) as here:
            adopted = adopt(tmp_path, here.collection.index, here.uploader)
            assert await here.drain()
            for spool in adopted:
                spool.close()
            found = here.collection.index.captures(CaptureQuery(url=kept[0].url, match="host"))
            assert list(found) == kept

    kept = asyncio.run(first())
    for path in tmp_path.glob("index.db*"):
        path.unlink()
    asyncio.run(second(kept))


def test_exchange_without_its_mate_is_cut(tmp_path: Path) -> None:
    async def first() -> Capture:
        async with place(tmp_path) as here:
            (kept,) = await here.writer.keep("ondemand", [_numbered(1)])
            await here.writer.keep("ondemand", [_numbered(2)])
            return kept

    kept = asyncio.run(first())
    (warc,) = (tmp_path / "spool").rglob("*.warc.gz.open")
    contents = read_contents(warc, kept.filename)
    last = contents.captures[-1]
    with warc.open("r+b") as file:
        file.truncate(last.offset)
    cut = read_contents(warc, kept.filename)
    assert list(cut.captures) == [kept]
    assert cut.end == last.offset - (last.request_length or 0)
    assert cut.damage is not None
