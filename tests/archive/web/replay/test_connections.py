"""In Chromium with a profile, which connects to hosts ahead of what it will ask them: nor does that
leave the archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.web.replay.baits import CONNECTING
from tests.archive.web.replay.staging import Web, html, live, staged
from tests.servers import debian
from tests.servers.chromium import install_package, profiled
from tests.servers.wire import WireServer, answering

URL = "http://trap.example/"

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _browser() -> None:
    with debian.needed():
        install_package()


def test_no_connection_is_opened(tmp_path: Path) -> None:
    page_of_baits = html(URL, f"<!doctype html>{CONNECTING}")
    with Web(live) as web, staged(tmp_path, [page_of_baits]) as stage:
        everywhere = f"--host-resolver-rules=MAP *.example 127.0.0.1:{web.port}"
        with profiled(tmp_path / "replay", everywhere) as page:
            stage.show(page, URL)
            page.wait_for_timeout(1500)
            assert web.wires == []
        with (
            WireServer(answering(page_of_baits[1])) as site,
            profiled(tmp_path / "web", everywhere) as page,
        ):
            page.goto(site.url, wait_until="commit")
            for _ in range(200):
                if len(web.wires) > 1:
                    break
                page.wait_for_timeout(50)
        assert len(web.wires) > 1, "the baits are none"
