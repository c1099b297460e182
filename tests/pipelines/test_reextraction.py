"""Documents that were lost with a process are made again, from the bytes and by the same way."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.files import try_lock
from archive.index import Index, SearchQuery
from archive.model import Capture, Exchange
from archive.names import key_of
from archive.recovery import Recovered, adopt
from archive.verify import verify
from pipelines.reextraction import Extracted, Reextraction, page_of, quietly
from pipelines.text.pool import TextPool
from tests.exchanges import exchange, page, response
from tests.keeping import Place, place

ARTICLE = (
    "<html lang=en><head><title>The dam</title></head><body><article><h1>The dam</h1>"
    + "<p>Workers at the dam said on Monday that their wages had been withheld for months.</p>" * 9
    + "</article></body></html>"
).encode()
HTML = b"Content-Type: text/html; charset=utf-8"


def _url(number: int) -> str:
    return f"https://example.org/{number}"


def _article(number: int) -> Exchange:
    return exchange(_url(number), response(ARTICLE, HTML))


@contextmanager
def _unreadable(index: Index, capture: Capture, other: Capture) -> Iterator[Capture]:
    """The capture as the index has it meanwhile, which has not the record that it names."""
    damaged = replace(capture, record_id=other.record_id)
    index.commit([damaged])
    yield damaged
    index.commit([capture])


def _lost(home: Path, *exchanges: Any) -> list[Capture]:
    """Captures of a process that died before it had any text."""

    async def main() -> list[Capture]:
        async with place(home) as here:
            return list(await here.writer.keep("ondemand", exchanges))

    return asyncio.run(main())


def _next_start(home: Path, look: Callable[[Place, Reextraction], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with place(home) as here, TextPool(workers=1) as text:
            spools = adopt(home, here.collection.index, here.uploader, Recovered())
            try:
                folders = [spool.path for spool in spools]
                again = Reextraction(home, here.collection, text, here.writer, folders)
                found = await look(here, again)
                assert await here.drain()
                assert verify(here.collection).findings == []
                return found
            finally:
                await asyncio.to_thread(here.uploader.close)
                for spool in spools:
                    spool.close()

    return asyncio.run(main())


def test_pages_get_their_documents_and_nothing_else_does(tmp_path: Path) -> None:
    coded = response(gzip.compress(ARTICLE, mtime=0), HTML, b"Content-Encoding: gzip")
    plain = response(ARTICLE, HTML)
    first, second, *others = _lost(
        tmp_path,
        exchange(_url(1), plain),
        exchange(_url(2), coded),
        replace(exchange(_url(3), plain), kind="requisite"),
        exchange(_url(4), response(ARTICLE, HTML, status=b"404 Not Found")),
        exchange(_url(5), response(b"\x89PNG", b"Content-Type: image/png")),
    )

    async def look(here: Place, again: Reextraction) -> None:
        assert here.collection.index.counts().unextracted == 2
        assert await again.run(width=2) == Extracted(documents=2, failed=0)
        index = here.collection.index
        for capture in (first, second):
            document = index.documents.of(capture)
            assert document is not None
            assert document.article.title == "The dam"
            assert (document.record_id, document.digest) == (capture.record_id, capture.digest)
        assert [index.documents.of(capture) for capture in others] == [None] * 3
        assert {hit.url for hit in index.documents.search(SearchQuery(words="wages"))} == {
            _url(1),
            _url(2),
        }
        assert index.documents.unextracted_segments() == []
        assert await again.run(width=2) == Extracted(documents=2, failed=0)

    _next_start(tmp_path, look)
    texts = [path.name for path in (tmp_path / "collection" / "text").rglob("*.jsonl.gz")]
    assert len(texts) == 1
    assert texts[0].startswith(first.filename.removesuffix(".warc.gz"))


def test_what_a_living_process_is_about_to_extract_is_left_to_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as living:
            (capture,) = await living.writer.keep("ondemand", [exchange(message=page())])
            async with TextPool(workers=1) as text:
                again = Reextraction(tmp_path, living.collection, text, living.writer, [])
                assert await again.run(width=1) == Extracted()
            assert living.collection.index.documents.of(capture) is None

    asyncio.run(main())


def test_only_one_process_of_a_home_is_at_it(tmp_path: Path) -> None:
    _lost(tmp_path, _article(1))

    async def look(here: Place, again: Reextraction) -> None:
        both = await asyncio.gather(again.run(width=1), again.run(width=1))
        assert [one.documents for one in both] == [1, 1]  # one count: that of the object
        assert here.collection.index.counts().documents == 1

    _next_start(tmp_path, look)


def test_while_another_process_is_at_it_nothing_is_done_and_that_is_said(tmp_path: Path) -> None:
    _lost(tmp_path, _article(1))

    async def look(_: Place, again: Reextraction) -> None:
        other = try_lock(tmp_path / "extract.lock")
        assert other is not None
        assert await again.run(width=1) == Extracted(busy=True)
        os.close(other)

    _next_start(tmp_path, look)


def test_in_the_background_a_record_that_cannot_be_read_is_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    captures = _lost(tmp_path, _article(1), _article(2))

    async def look(here: Place, again: Reextraction) -> None:
        with _unreadable(here.collection.index, *captures):
            await quietly(again)
        assert again.done == Extracted(documents=1, failed=1)
        assert _url(1) not in caplog.text

    caplog.set_level("INFO")
    _next_start(tmp_path, look)


def test_capture_that_cannot_be_read_is_named_and_stays_on_the_list(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    captures = _lost(tmp_path, _article(1), _article(2))

    async def look(here: Place, again: Reextraction) -> None:
        with _unreadable(here.collection.index, *captures) as damaged:
            assert await again.run(width=1) == Extracted(documents=1, failed=1)
            assert list(here.collection.index.documents.unextracted(damaged.filename)) == [damaged]
        assert _url(1) in caplog.text

    _next_start(tmp_path, look)


def test_object_that_is_gone_keeps_no_other_segment_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with place(tmp_path) as here, TextPool(workers=1) as text:
            names = []
            for number in range(3):
                await here.writer.keep("ondemand", [_article(number)])
                names += await here.writer.seal()
            assert await here.drain()
            (tmp_path / "collection" / key_of(names[0])).unlink()
            again = Reextraction(tmp_path, here.collection, text, here.writer, [])
            assert await again.run(width=1) == Extracted(documents=2, failed=1)
            assert _url(0) in caplog.text
            doubtful = here.collection.index.documents.unextracted_segments()
            assert [one.filename for one in doubtful] == [names[0]]

    asyncio.run(main())


def test_in_the_background_it_can_be_stopped_at_any_time(tmp_path: Path) -> None:
    _lost(tmp_path, *map(_article, range(6)))

    async def look(here: Place, again: Reextraction) -> int:
        task = asyncio.create_task(quietly(again))
        while not again.done.documents:  # noqa: ASYNC110 - it has nobody to tell
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        await here.writer.seal()
        return here.collection.index.counts().documents

    some = _next_start(tmp_path, look)
    assert 0 < some <= 6

    async def rest(here: Place, again: Reextraction) -> int:
        await again.run(width=1)
        return here.collection.index.counts().documents

    assert _next_start(tmp_path, rest) == 6


def test_body_that_was_decoded_before_it_was_recorded_is_taken_as_it_is(tmp_path: Path) -> None:
    (capture,) = _lost(
        tmp_path, exchange(_url(1), response(ARTICLE, HTML, b"Content-Encoding: br"))
    )

    async def look(here: Place, _: Reextraction) -> None:
        found = page_of(here.collection.open(capture))
        assert (found.body, found.status, found.url) == (ARTICLE, 200, _url(1))
        assert found.content_type == "text/html; charset=utf-8"

    _next_start(tmp_path, look)
