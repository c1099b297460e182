"""The writer: durable before it is told, one group or none, and nothing after a failure."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import random
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from archive.block import Block
from archive.contents import read_contents
from archive.errors import IndexUnavailable, UrlError, WriteError
from archive.index import CaptureQuery, Index
from archive.model import Article, Capture, Exchange
from archive.names import key_of, sibling
from archive.recovery import adopt
from archive.response_digest import ResponseDigest
from archive.segment import OpenSegment
from archive.verify import verify
from pipelines.recording import Recording
from pipelines.text.pool import TextPool
from tests.exchanges import exchange, page
from tests.failing import raising
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
                assert store.head(key_of(sibling(filename, ending))).size
            assert [stored.key for stored in store.list("text/")]
            assert here.collection.index.segment(filename).state == "stored"
            assert [path.name for path in here.spool.path.iterdir()] == ["lock"]
            assert here.collection.open(captures[3]).raw == page("Page 3")
            report = verify(here.collection)
            assert report.findings == []
            assert (report.objects, report.records) == (5, 11)

    asyncio.run(main())


def test_second_text_of_a_capture_changes_nothing(tmp_path: Path) -> None:
    """A resumed crawl makes texts, and so does the search for those that are missing."""
    late = dataclasses.replace(ARTICLE, text="", extraction_status="timeout")

    async def main() -> None:
        async with place(tmp_path) as here:
            (capture,) = await here.writer.keep("ondemand", [_numbered(1)])
            added = [here.writer.add(capture, article) for article in (ARTICLE, late)]
            documents = [*await asyncio.gather(*added), await here.writer.add(capture, late)]
            assert {document.article for document in documents} == {ARTICLE}
            await here.writer.seal()
            assert await here.drain()
            assert verify(here.collection).findings == []

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

    with monkeypatch.context() as patch:
        # The kernel cannot be told to fail one fsync from here; the fault suite does it by strace.
        if what == "fsync":
            patch.setattr(os, "fsync", raising(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        else:
            patch.setattr(Index, "commit", raising(IndexUnavailable("the index is gone")))
        with pytest.raises(WriteError, match=r"example\.org/2"):
            await here.writer.keep("ondemand", [_numbered(2)])
    return before


def test_failed_group_is_taken_back_and_nothing_is_written_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            before = await _break_and_keep(here, monkeypatch, "fsync")
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


@pytest.mark.parametrize("first", [True, False], ids=["first group", "later group"])
@pytest.mark.parametrize("committed", [True, False], ids=["answer lost", "not committed"])
def test_what_the_index_may_know_keeps_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, committed: bool, first: bool
) -> None:
    """A commit whose answer is lost may stand: its rows must not hide what was there before."""

    async def fail() -> list[Capture]:
        async with place(tmp_path) as here:
            kept = await here.writer.keep("ondemand", [_numbered(1)])
            if first:
                await here.writer.seal()
                assert await here.drain()
            else:
                await here.writer.add(kept[0], ARTICLE)
            commit = Index.commit

            def lose(*rows: Any) -> None:
                if committed:
                    commit(*rows)
                raise IndexUnavailable("connection lost")

            with monkeypatch.context() as patch:
                patch.setattr(Index, "commit", lose)
                with pytest.raises(WriteError, match="connection lost"):
                    await here.writer.keep("ondemand", [_numbered(1)])
            with pytest.raises(WriteError, match="connection lost"):
                await here.writer.keep("ondemand", [_numbered(3)])
            assert await here.writer.seal() == []
            assert await here.drain()
            assert here.collection.memento(kept[0].url).raw == page("Page 1")
            found = list(here.collection.index.captures(CaptureQuery(url=kept[0].url)))
            assert len(found) == 1 + committed
            for capture in found:
                assert here.collection.open(capture).raw == page("Page 1")
            return kept

    async def recover(kept: list[Capture]) -> None:
        async with place(tmp_path) as here:
            for spool in adopt(tmp_path, here.collection.index, here.uploader):
                assert await here.drain()
                spool.close()
            found = list(here.collection.index.captures(CaptureQuery(url=kept[0].url)))
            assert kept[0] in found
            assert len(found) == 2
            assert here.collection.index.segments("spooled") == []
            assert verify(here.collection).findings == []

    asyncio.run(recover(asyncio.run(fail())))


@pytest.mark.parametrize("error", [RuntimeError("a bug"), OSError(errno.EIO, "gone")])
def test_no_error_leaves_anyone_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            monkeypatch.setattr("pipelines.warc.writer.OpenSegment", raising(error))
            async with asyncio.timeout(10):
                for number in range(3):
                    with pytest.raises(WriteError):
                        await here.writer.keep("ondemand", [_numbered(number)])
                assert await here.writer.seal() == []

    asyncio.run(main())


def test_closed_writer_refuses(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            (capture,) = await here.writer.keep("ondemand", [_numbered(1)])
            await asyncio.to_thread(here.writer.close)
            async with asyncio.timeout(10):
                with pytest.raises(WriteError, match="closed"):
                    await here.writer.keep("ondemand", [_numbered(2)])
                with pytest.raises(WriteError, match="closed"):
                    await here.writer.add(capture, ARTICLE)
                with pytest.raises(WriteError, match="closed"):
                    await here.writer.seal()

    asyncio.run(main())


def test_url_without_a_key_is_refused_alone(tmp_path: Path) -> None:
    """A page must not end a crawl by what it links to."""

    async def main() -> None:
        async with place(tmp_path) as here:
            odd = exchange("http://example.org:99999/")
            with pytest.raises(UrlError):
                await here.writer.keep("ondemand", [_numbered(1), odd])
            assert here.writer.failure is None
            (kept,) = await here.writer.keep("ondemand", [_numbered(2)])
            await here.writer.seal()
            assert await here.drain()
            assert list(here.collection.index.captures_of(kept.filename)) == [kept]
            assert verify(here.collection).findings == []

    asyncio.run(main())


def test_blocks_are_not_closed_while_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits may be cancelled at any time."""
    begun, go_on = threading.Event(), threading.Event()
    append = OpenSegment.append

    def held(segment: OpenSegment, made: Exchange) -> Capture:
        made.block_digest()
        begun.set()
        go_on.wait(10)
        return append(segment, made)

    monkeypatch.setattr(OpenSegment, "append", held)

    async def main() -> None:
        async with place(tmp_path) as here:
            recording = Recording(here.writer, TextPool(workers=1), source="ondemand")
            made = _numbered(1)
            keeping = asyncio.create_task(recording.keep([made]))
            assert await asyncio.to_thread(begun.wait, 10)
            keeping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await keeping
            go_on.set()
            await here.writer.seal()
            assert await here.drain()
            assert here.collection.memento(made.url).raw == page("Page 1")
            assert verify(here.collection).findings == []
            assert bytes(made.response) == b""

    asyncio.run(main())


def test_segment_that_cannot_be_taken_back_is_left_to_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not be sealed with what failed in it."""

    async def first() -> Capture:
        async with place(tmp_path) as here:
            with monkeypatch.context() as patch:
                gone = OSError(errno.EIO, "gone")
                patch.setattr("archive.appending.MemberFile.take_back", raising(gone))
                before = await _break_and_keep(here, patch, "fsync")
            assert await here.writer.seal() == []
            assert here.collection.open(before).raw == page("Page 1")
            return before

    async def second(before: Capture) -> None:
        async with place(tmp_path) as here:
            spools = adopt(tmp_path, here.collection.index, here.uploader)
            assert await here.drain()
            for spool in spools:
                spool.close()
            assert here.collection.open(before).raw == page("Page 1")
            assert verify(here.collection).findings == []

    asyncio.run(second(asyncio.run(first())))


@pytest.mark.parametrize(
    "step", ["archive.segment.write_side_files", "archive.text_run.write_run_manifest"]
)
def test_seal_that_fails_half_way_is_finished_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async def first() -> Capture:
        async with place(tmp_path) as here:
            (kept,) = await here.writer.keep("ondemand", [_numbered(1)])
            await here.writer.add(kept, ARTICLE)
            with monkeypatch.context() as patch:
                patch.setattr(step, raising(OSError(errno.ENOSPC, "full")))
                with pytest.raises(WriteError, match="full"):
                    await here.writer.seal()
            assert here.collection.open(kept).raw == page("Page 1")
            return kept

    async def second(kept: Capture) -> None:
        async with place(tmp_path) as here:
            spools = adopt(tmp_path, here.collection.index, here.uploader)
            assert await here.drain()
            for spool in spools:
                spool.close()
            assert here.collection.document(kept) is not None
            assert here.collection.index.segments("spooled") == []
            assert verify(here.collection).findings == []

    asyncio.run(second(asyncio.run(first())))


def test_after_a_failure_an_old_segment_does_not_keep_the_thread_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with place(tmp_path, max_age=0.05) as here:
            await _break_and_keep(here, monkeypatch, "index")
            rounds = 0
            next_group = here.writer._next_group

            def counted() -> Any:
                nonlocal rounds
                rounds += 1
                return next_group()

            monkeypatch.setattr(here.writer, "_next_group", counted)
            await asyncio.sleep(0.3)
            assert rounds < 5

    asyncio.run(main())


def test_large_body_is_written_piece_by_piece_and_read_back(tmp_path: Path) -> None:
    """60 MB on disk; the writer's memory does not grow with it."""
    piece = random.Random(1).randbytes(1_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n"

    async def main() -> None:
        async with place(tmp_path) as here:
            block = Block(folder=here.spool.path)
            for data in (head, *[piece] * 60):
                block.write(data)
            assert block.spilled
            made = dataclasses.replace(_numbered(1), response=block, digest=ResponseDigest())
            tracemalloc.start()
            try:
                (kept,) = await here.writer.keep("ondemand", [made])
                await here.writer.seal()
                assert await here.drain()
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert peak < 12_000_000
            assert here.collection.index.segment(kept.filename).state == "stored"
            memento = here.collection.open(kept)
            assert memento.raw == head + piece * 60
            assert memento.payload == piece * 60

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
    cut = read_contents(warc, kept.filename).exchanges
    assert list(cut.captures) == [kept]
    assert cut.end == last.offset - (last.request_length or 0)
    assert cut.damage is not None
