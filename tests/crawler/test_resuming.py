"""Answers of an interrupted job: each request gets the capture that it led to before."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import HtmlResponse

from archive.errors import IndexUnavailable
from archive.model import Article, Exchange, Truncation
from archive.names import new_run
from crawler.resuming import Resumption
from pipelines.recording import Recording
from pipelines.text.pool import TextPool
from tests.exchanges import STARTED, exchange, page, response
from tests.failing import raising
from tests.keeping import Place, place

URL = "https://example.org/a"
JOB = new_run(STARTED)


def _exchange(
    message: bytes, second: int, *, job: str = JOB, truncated: Truncation | None = None
) -> Exchange:
    started = STARTED + timedelta(seconds=second)
    made = exchange(URL, message, started=started, truncated=truncated)
    return dataclasses.replace(made, job=job)


def _with(
    home: Path, body: Callable[[Place, Recording, Resumption], Awaitable[None]], *made: Exchange
) -> None:
    async def main() -> None:
        async with place(home) as here:
            recording = Recording(here.writer, TextPool(workers=1), source="ondemand", job=JOB)
            for one in made:
                await here.writer.keep("ondemand", [one])
            await body(here, recording, Resumption(here.collection, recording))

    asyncio.run(main())


def test_the_nth_request_gets_the_nth_capture_of_the_job(tmp_path: Path) -> None:
    async def body(_: Place, recording: Recording, resumption: Resumption) -> None:
        first = await resumption.answer(Request(URL))
        assert first is not None
        assert (first.status, first.body) == (503, b"busy")
        request = Request(URL)
        second = await resumption.answer(request)
        assert isinstance(second, HtmlResponse)
        assert b"A page" in second.body
        assert request.meta["capture"].job == JOB
        assert await resumption.answer(Request(URL)) is None
        assert await resumption.answer(Request("https://example.org/b")) is None
        assert recording.counts["captures"] == 2

    busy = response(b"busy", status=b"503 Busy")
    _with(
        tmp_path,
        body,
        _exchange(busy, 0),
        _exchange(page("of another job"), 1, job=new_run()),
        _exchange(page("cut off"), 2, truncated="disconnect"),
        _exchange(page(), 3),
    )


def test_what_is_not_asked_with_get_goes_to_the_network(tmp_path: Path) -> None:
    async def body(_: Place, __: Recording, resumption: Resumption) -> None:
        assert await resumption.answer(Request(URL, method="POST")) is None
        assert await resumption.answer(Request(URL)) is not None

    _with(tmp_path, body, _exchange(page(), 0))


def test_too_large_a_response_fails_as_it_did(tmp_path: Path) -> None:
    async def body(_: Place, __: Recording, resumption: Resumption) -> None:
        request = Request(URL)
        with pytest.raises(DownloadCancelledError):
            await resumption.answer(request)
        assert request.meta["capture"].truncated == "length"

    _with(tmp_path, body, _exchange(page(), 0, truncated="length"))


def test_document_is_known_only_of_what_was_answered(tmp_path: Path) -> None:
    async def body(here: Place, recording: Recording, resumption: Resumption) -> None:
        (capture,) = await here.writer.keep("ondemand", [_exchange(page(), 0)])
        await here.writer.add(capture, Article(text="Words.", extraction_status="ok"))
        assert resumption.document(capture) is None
        assert resumption.document(None) is None
        await resumption.answer(Request(URL))
        found = resumption.document(capture)
        assert found is not None
        assert found.article.text == "Words."
        assert recording.counts["documents"] == 1

    _with(tmp_path, body)


def test_an_index_that_is_away_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What it cannot answer is not said to be fetched: whoever writes says what becomes of it."""
    away = raising(IndexUnavailable("away"))

    async def body(here: Place, _: Recording, resumption: Resumption) -> None:
        index = here.collection.index
        with monkeypatch.context() as outage:
            outage.setattr(index, "captures", away)
            outage.setattr(index, "wait", away)
            assert await resumption.answer(Request(URL)) is None
            # This time it comes back while it is waited for.
            outage.setattr(index, "wait", outage.undo)
            request = Request(URL)
            assert await resumption.answer(request) is not None
        monkeypatch.setattr(index.documents, "of", away)
        assert resumption.document(request.meta["capture"]) is None
        assert caplog.messages == []

    _with(tmp_path, body, _exchange(page(), 0))


def test_capture_that_cannot_be_read_is_fetched_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(here: Place, recording: Recording, resumption: Resumption) -> None:
        (path,) = here.spool.files("*.open")
        path.write_bytes(bytes(path.stat().st_size))
        assert await resumption.answer(Request(URL)) is None
        assert recording.counts["captures"] == 0

    _with(tmp_path, body, _exchange(page(), 0))
    assert "is fetched again" in caplog.text
