"""In Chromium over https, where what pages have at http:// is asked of no worker unless it is
raised to https."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.archive.web.replay.baits import BAIT, HOST
from tests.archive.web.replay.staging import PNG, Stage, Tls, Web, file, html, live, shown, staged
from tests.servers import debian
from tests.servers.chromium import Chromium, install_package, launched

SITE = "http://news.example"
PAGE = (
    f"<link rel=stylesheet href={SITE}/s.css><h1>Over http</h1><img id=i src={SITE}/a.png>"
    f"<a href={SITE}/next>next</a><img src={BAIT}><iframe src=https://{HOST}/></iframe>"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    issued = trustme.CA().issue_cert("archive.localhost", "replay.archive.localhost")
    tls = Tls(folder / "certificate.pem", folder / "key.pem")
    tls.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    tls.key.write_bytes(issued.private_key_pem.bytes())
    messages = [
        html(f"{SITE}/", PAGE),
        html(f"{SITE}/next", "<h1>Next</h1>"),
        file(f"{SITE}/s.css", b"h1 { color: rgb(1, 2, 3) }", "text/css"),
        file(f"{SITE}/a.png", PNG, "image/png"),
    ]
    with staged(folder, messages, tls=tls) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with debian.needed():
        install_package()
    with launched("--ignore-certificate-errors") as started:
        yield started


def test_a_page_of_http_is_shown_over_https(stage: Stage, browser: Chromium) -> None:
    with Web(live) as web:
        with browser.page(proxy=web.url) as page:
            frame = stage.show(page, f"{SITE}/")
            colour = frame.evaluate("getComputedStyle(document.querySelector('h1')).color")
            assert colour == "rgb(1, 2, 3)"
            assert frame.evaluate("document.getElementById('i').naturalWidth") == 1
            frame.click("text=next")
            assert shown(page, f"{SITE}/next").inner_text("h1") == "Next"
        assert web.asked() == []
