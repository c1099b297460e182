"""`resolveRevisits`: where the bytes lie that a revisit repeats, as replay finds them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.model import Capture
from archive.names import key_of
from archive.store.memory import MemoryStore
from archive.timestamps import to_warc_date
from archive.warc.writing import WarcRecord
from archive.web.cdx import stages
from archive.web.site import Site
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import STARTED, page
from tests.keeping import store_records

URL = "https://example.org/a"
OTHER = "https://example.org/b"
PAYLOAD = page().partition(b"\r\n\r\n")[2]
DIGEST = base64.b32encode(hashlib.sha1(PAYLOAD, usedforsecurity=False).digest()).decode()
UNRESOLVED = ["warc/revisit", "-", "-", "-"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(f"sqlite:///{tmp_path}/index.db") as found:
        yield found


@pytest.fixture
def server(site: Site) -> Iterator[Served]:
    with served(site) as running:
        yield running


def _record(kind: str, url: str, hours: int, block: bytes, *more: tuple[str, str]) -> WarcRecord:
    fields = (
        ("WARC-Target-URI", url),
        ("WARC-Date", to_warc_date(STARTED + timedelta(hours=hours))),
        ("Content-Type", "application/http; msgtype=response"),
        *more,
    )
    return WarcRecord(type=kind, fields=fields, block=[block], length=len(block))


def _keep(site: Site) -> list[Capture]:
    """An original, then revisits: by SHA-1, by its id, from another URL, of what is not there."""
    original = _record("response", URL, 0, page())
    stated, other = (("WARC-Payload-Digest", f"sha1:{one}") for one in (DIGEST, "A2" * 16))
    return store_records(
        site.collection,
        [
            original,
            _record("revisit", URL, 1, b"", stated),
            _record("revisit", URL, 2, b"", ("WARC-Refers-To", original.record_id)),
            _record("revisit", OTHER, 3, b"", stated),
            _record("revisit", OTHER, 4, b"", other),
        ],
    )


def _resolved(server: Served, url: str) -> list[list[str]]:
    answer = server.client.get(
        f"{server.url}/cdx/search/cdx",
        params={
            "url": url,
            "resolveRevisits": "true",
            "fl": "mimetype,orig.length,orig.offset,orig.filename",
        },
    )
    assert answer.status_code == 200
    return [line.split(" ") for line in answer.text.splitlines()]


def _place(capture: Capture) -> list[str]:
    return ["text/html", str(capture.length), str(capture.offset), capture.filename]


def test_in_whatever_way_they_name_it(site: Site, server: Served) -> None:
    original, *_ = _keep(site)
    assert _resolved(server, URL)[1:] == [_place(original)] * 2
    assert _resolved(server, OTHER) == [_place(original), UNRESOLVED]


def test_where_it_is_withheld_nothing_is_told_of_it(site: Site, server: Served) -> None:
    _keep(site)
    withhold(site.collection, url=URL)
    assert _resolved(server, OTHER) == [UNRESOLVED] * 2


def test_few_are_read(site: Site, server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "_MOST_READ", 1)
    original, *_ = _keep(site)
    assert _resolved(server, URL)[1:] == [_place(original), UNRESOLVED]


def test_a_file_that_is_lost_leaves_the_lines(site: Site, server: Served) -> None:
    original, *_ = _keep(site)
    assert isinstance(site.collection.store, MemoryStore)
    del site.collection.store._objects[key_of(original.filename)]
    assert _resolved(server, OTHER) == [UNRESOLVED] * 2
