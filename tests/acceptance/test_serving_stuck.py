"""`pressmark serve` before a store, or a log, that is stuck: a disk of a network that went away."""

from __future__ import annotations

import os
import signal

import httpx
import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import QUICK, Pressmark, finish
from tests.acceptance.serving import serving

# The server gives requests that run ten seconds to end.
pytestmark = pytest.mark.slow


def test_it_ends_although_the_store_does_not_answer(pressmark: Pressmark) -> None:
    with DemoSite() as demo:
        kept = pressmark("archive", demo.url, "--json").line
    (warc,) = pressmark.folder.rglob(kept["filename"])
    warc.unlink()
    os.mkfifo(warc)  # whoever opens it waits for a writer
    raw = f"/web/{kept['timestamp']}id_/{kept['final_url']}"
    with serving(pressmark) as server:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(server.url + raw, timeout=2)
        assert server.get(f"/cdx?url={kept['final_url']}").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        ended = finish(server.process)
    warc.unlink()
    assert ended.status == 0
    assert "has not answered" in ended.stderr


def test_it_ends_although_its_access_log_cannot_be_written(pressmark: Pressmark) -> None:
    log = pressmark.folder / "access.log"
    os.mkfifo(log)  # whoever opens it waits for a reader
    pressmark.configure(f"{QUICK}serve: {{access_log: {log}}}\n")
    with serving(pressmark) as server:
        assert server.get("/health").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        ended = finish(server.process)
    assert ended.status == 0
    assert "has not answered" in ended.stderr
