"""pywb as a reader of our server: its remote index, its Memento source, and our WARC files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from archive.digests import sha256
from archive.store.base import Store
from archive.timestamps import to_warc_date
from archive.warc.writing import WarcRecord
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import STARTED, response
from tests.keeping import archive_messages, store_records
from tests.servers.clients import Clients
from tests.servers.process import (
    Process,
    ServerFailed,
    end,
    free_ports,
    get,
    launch,
    started,
    wait_until_ready,
)

HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = "http://news.example.org/page"
PACKED = "http://news.example.org/packed?a=1&b=%2F"
AGAIN = "http://news.example.org/again"
TEN, TWELVE = "20261122100000", "20261122120000"

_CONFIG = """
collections:
  mounted: {{index_paths: "cdx+{url}/cdx", archive_paths: "{url}/warcs/"}}
  remote: "cdx+{url}/cdx /web"
  memento: "memento+{url}/web/"
"""


@dataclass(frozen=True, slots=True)
class Pywb:
    """A pywb that runs."""

    url: str

    def raw(self, collection: str, timestamp: str, url: str) -> httpx.Response:
        """The body that it gives as archived."""
        return httpx.get(f"{self.url}/{collection}/{timestamp}id_/{url}", timeout=60)


def revisit(url: str, original: str, payload: bytes) -> WarcRecord:
    head = response(payload, HTML).removesuffix(payload)
    return WarcRecord(
        type="revisit",
        fields=(
            ("WARC-Target-URI", url),
            ("WARC-Date", to_warc_date(STARTED.replace(hour=12))),
            ("WARC-Payload-Digest", sha256(payload)),
            (
                "WARC-Profile",
                "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
            ),
            ("WARC-Refers-To-Target-URI", original),
            ("WARC-Refers-To-Date", to_warc_date(STARTED)),
            ("Content-Type", "application/http; msgtype=response"),
        ),
        block=[head],
        length=len(head),
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("pywb-archive")
    with open_site(f"sqlite:///{folder}/index.db") as site:
        packed = response(gzip.compress(b"<p>packed</p>"), HTML, b"Content-Encoding: gzip")
        archive_messages(
            site.collection,
            (PAGE, response(b"<p>ten</p>", HTML), 0),
            (PAGE, response(b"<p>twelve</p>", HTML), 7200),
            (PACKED, packed, 0),
            (AGAIN, response(b"<p>the same</p>", HTML), 0),
        )
        store_records(site.collection, [revisit(AGAIN, AGAIN, b"<p>the same</p>")])
        with served(site) as running:
            yield running


@pytest.fixture(scope="module")
def pywb(
    server: Served, clients: Clients, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pywb]:
    folder: Path = tmp_path_factory.mktemp("pywb")
    (folder / "config.yaml").write_text(_CONFIG.format(url=server.url))
    process, url = started(lambda: start(clients, folder))
    try:
        yield Pywb(url)
    finally:
        end(process)


def start(clients: Clients, folder: Path) -> tuple[Process, str]:
    """A pywb on a free port, ready. Raises ServerFailed."""
    port, log = free_ports(), folder / "log"
    command = [str(clients.bin / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    process = launch(command, log, cwd=folder, env=clients.environment())
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready([process], [log], lambda: get(f"{url}/"))
    except ServerFailed:
        end(process)
        raise
    return process, url


COLLECTIONS = ["mounted", "remote", "memento"]


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize(("timestamp", "body"), [(TEN, b"<p>ten</p>"), (TWELVE, b"<p>twelve</p>")])
def test_a_page(pywb: Pywb, collection: str, timestamp: str, body: bytes) -> None:
    answer = pywb.raw(collection, timestamp, PAGE)
    assert answer.status_code == 200
    assert answer.content == body
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_page_in_a_content_coding(pywb: Pywb, collection: str) -> None:
    assert pywb.raw(collection, TEN, PACKED).content == b"<p>packed</p>"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_revisit(pywb: Pywb, collection: str) -> None:
    answer = pywb.raw(collection, TWELVE, AGAIN)
    assert answer.status_code == 200
    assert answer.content == b"<p>the same</p>"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_is_not_there(pywb: Pywb, collection: str) -> None:
    assert pywb.raw(collection, TEN, "http://news.example.org/never").status_code == 404


def test_its_list_is_ours(pywb: Pywb, server: Served) -> None:
    listed = httpx.get(f"{pywb.url}/mounted/cdx", params={"url": PAGE, "output": "json"})
    ours = server.client.get(f"{server.url}/cdx", params={"url": PAGE, "output": "json"})
    assert [line["timestamp"] for line in map(json.loads, listed.text.splitlines())] == [
        TEN,
        TWELVE,
    ]
    assert [line["digest"] for line in map(json.loads, ours.text.splitlines())] == [
        line["digest"] for line in map(json.loads, listed.text.splitlines())
    ]


def test_it_gets_nothing_else(server: Served) -> None:
    store: Store = server.site.collection.store
    assert any(stored.key.startswith("warc/") for stored in store.list(""))
    assert server.get("/warcs/../collection.json").status_code == 404
