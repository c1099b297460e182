"""How answers are made in threads: what is small, what is long, and what takes long."""

from __future__ import annotations

import asyncio
import gzip as gzipping
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response, StreamingResponse

from archive.errors import RecordError
from archive.web.site import Site
from tests.archive.web.serving import open_site

PIECE = 1 << 16


@asynccontextmanager
async def one_thread(folder: Path) -> AsyncIterator[Site]:
    """A site that can do one thing at a time."""
    with open_site(f"sqlite:///{folder}/index.db") as found:
        threads = ThreadPoolExecutor(1)
        try:
            yield Site(collection=found.collection, view=found.view, threads=threads)
        finally:
            threads.shutdown()


def run(folder: Path, test: Callable[[Site], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with one_thread(folder) as site:
            await test(site)

    asyncio.run(main())


async def body_of(answer: Response) -> bytes:
    if isinstance(answer, StreamingResponse):
        pieces = [piece async for piece in answer.body_iterator]
        assert b"" not in pieces  # it would be taken for the end
        return b"".join(bytes(piece) for piece in pieces)  # type: ignore[arg-type]  # bytes, as given
    return bytes(answer.body)


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"abc", b"def"],
        [b"", b"abc", b"", b"", b"def", b""],
        [b"x" * 5000] * 3,
        [b"x" * (PIECE - 1)],
        [b"x" * PIECE],
        [b"x" * 1000] * 500,
        [b"", b"x" * PIECE, b"", b"y" * PIECE, b"", b"", b"z"],
    ],
)
def test_everything_arrives(tmp_path: Path, pieces: list[bytes], gzip: bool) -> None:
    async def test(site: Site) -> None:
        answer = await site.answer(lambda: iter(pieces), {"X-Own": "1"}, 206, gzip=gzip)
        body, expected = await body_of(answer), b"".join(pieces)
        assert (answer.status_code, answer.headers["x-own"]) == (206, "1")
        if gzip and len(expected) > 1 << 10:
            assert answer.headers["content-encoding"] == "gzip"
            assert gzipping.decompress(body) == expected
        else:
            assert "content-encoding" not in answer.headers
            assert body == expected
        if len(expected) < PIECE:
            assert answer.headers["content-length"] == str(len(body))

    run(tmp_path, test)


def test_what_fails_before_it_is_sent_is_told(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"begun"
        yield b""
        raise RecordError("damaged")

    async def test(site: Site) -> None:
        with pytest.raises(RecordError):
            await site.answer(pieces, {})

    run(tmp_path, test)


def test_others_have_the_thread_in_between(tmp_path: Path) -> None:
    asked = threading.Event()

    def search() -> Iterator[bytes]:
        deadline = time.monotonic() + 60
        while not asked.is_set():
            assert time.monotonic() < deadline, "nobody else had the thread"
            yield b""
        yield b"found"

    async def test(site: Site) -> None:
        searching = asyncio.create_task(site.answer(search, {}))
        await asyncio.sleep(0)  # it takes the thread
        await site.call(asked.set)  # there is one thread, and the search is in it
        assert await body_of(await searching) == b"found"

    run(tmp_path, test)


def test_a_search_for_nobody_ends(tmp_path: Path) -> None:
    ended = threading.Event()

    def search() -> Iterator[bytes]:
        try:
            while True:
                yield b""
        finally:
            ended.set()

    turns = iter([False, False, True])

    async def gone() -> bool:
        return next(turns)

    async def test(site: Site) -> None:
        await site.answer(search, {}, gone=gone)
        assert await asyncio.to_thread(ended.wait, 10)

    run(tmp_path, test)
