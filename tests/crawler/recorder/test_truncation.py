from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from scrapy.exceptions import (
    DownloadCancelledError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    StopDownload,
)
from scrapy.http import Response

from crawler.guard.errors import BodyTooSlow, ResponseRefused
from crawler.recorder.recording import Ending, Recording
from crawler.recorder.truncation import Outcome, truncation

WHOLE = Response("http://h/")
STOPPED = Response("http://h/", flags=["download_stopped"])
LOST = Response("http://h/", flags=["dataloss"])


def recording(announced: int, received: int, ending: Ending | None = None) -> Recording:
    """A closed recording of a response, with a Content-Length unless `announced` is 0."""
    made = Recording(Path())
    field = b"Content-Length: %d\r\n" % announced if announced else b""
    made.feed(b"HTTP/1.1 200 OK\r\n" + field + b"\r\n" + b"x" * received)
    if ending:
        made.end(0, ending)
    made.close()
    return made


@pytest.mark.parametrize(
    ("ending", "outcome", "reason"),
    [
        ("boundary", WHOLE, None),
        ("boundary", DownloadTimeoutError(), None),
        ("boundary", StopDownload(), None),
        ("close", WHOLE, None),
        ("close", STOPPED, "unspecified"),
        ("close", DownloadTimeoutError(), "time"),
        ("close", DownloadCancelledError(), "unspecified"),
        (None, STOPPED, "unspecified"),
        (None, StopDownload(), "unspecified"),
        (None, LOST, "disconnect"),
        (None, WHOLE, "disconnect"),
        (None, DownloadTimeoutError(), "time"),
        (None, ResponseDataLossError(), "disconnect"),
        (None, DownloadFailedError(), "disconnect"),
        (None, asyncio.CancelledError(), "unspecified"),
    ],
)
def test_reason(ending: Ending | None, outcome: Outcome, reason: str | None) -> None:
    found = truncation(recording(100, 10, ending), outcome, limit=1000)
    assert found == reason


@pytest.mark.parametrize(
    ("announced", "received", "limit", "reason"),
    [
        (2000, 0, 1000, "length"),
        (0, 1001, 1000, "length"),
        (0, 1000, 1000, "unspecified"),
        (2000, 2000, 0, "unspecified"),
    ],
)
def test_only_what_is_beyond_the_limit_was_cut_for_its_length(
    announced: int, received: int, limit: int, reason: str
) -> None:
    cut = recording(announced, received)
    assert truncation(cut, DownloadCancelledError(), limit) == reason


@pytest.mark.parametrize(
    ("refusal", "reason"), [(BodyTooSlow("slow"), "time"), (ResponseRefused("long"), "length")]
)
def test_what_the_guard_cut_says_why(refusal: ResponseRefused, reason: str) -> None:
    cut = recording(100, 10)
    cut.refusal = refusal
    assert truncation(cut, DownloadFailedError(), limit=0) == reason
    assert truncation(cut, WHOLE, limit=0) == reason
