"""The access log where it is written to a disk that is stuck."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from archive.web.guard import access_log
from archive.web.guard.access_log import AccessLog, Line

LINE = Line(
    time=0.0,
    id="x",
    client=None,
    token=None,
    method="GET",
    path="/",
    route="/",
    status=200,
    bytes=0,
    ms=1.0,
)


def test_it_holds_so_much_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(access_log, "_WAITING", 10)
    monkeypatch.setattr(access_log, "_EVERY", 0)
    file = tmp_path / "access.log"
    os.mkfifo(file)  # whoever opens it waits for a reader
    log = AccessLog(str(file))

    async def fill() -> None:
        for _ in range(5):
            for _ in range(10):
                log.put(LINE)
            await asyncio.sleep(0.01)  # what was planned is done
        log.shutdown(wait=False)

    try:
        asyncio.run(fill())
    finally:
        reading = os.open(file, os.O_RDWR)
        log.shutdown(wait=True)
    kept = os.read(reading, 1 << 16).count(b"\n")
    os.close(reading)
    lacking = sum(map(int, re.findall(r"lacks (\d+) requests", caplog.text)))
    # So many were being written, and so many waited.
    assert (kept, lacking) == (20, 30)
