"""Captures that other software has written may have URLs of any characters: they are answered, and
end no header."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from archive.digests import sha256
from archive.model import Segment
from archive.names import key_of, new_name
from archive.timestamps import to_timestamp, to_warc_date
from archive.urlkey import urlkey
from archive.warc.captures import capture_of
from archive.warc.gzip import member
from archive.warc.reading import Member, read_record
from archive.warc.writing import WarcRecord
from archive.web.links import sent
from archive.web.replay.answers import answer
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import STARTED, response

AT = to_timestamp(STARTED)
PLACE = "http://example.org/PLACE"
URLS = [
    "http://example.org/\u6587",
    "http://example.org/caf\xe9",
    "http://example.org/xaSet-Cookie:\ra=1",
    "http://example.org/xbSet-Cookie:\x0ba=1",
    "http://example.org/a b",
    "http://b\xfccher.example.org/",
    "http://[example.org]/",
    "http://a[b]/",
    "http://[::1/x",
    "http://ex\u2100mple.org/",
]
GIF = b"GIF89a"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Over one file with all of them."""
    with open_site(f"sqlite:///{tmp_path_factory.mktemp('served')}/index.db") as site:
        filename, data, captures = f"{new_name('other')}.warc.gz", b"", []
        for url in URLS:
            fields = (("WARC-Target-URI", PLACE), ("WARC-Date", to_warc_date(STARTED)))
            message = response(GIF, b"Content-Type: image/gif")
            record = WarcRecord(
                type="response", fields=fields, block=[message], length=len(message)
            )
            written = b"".join(record.pieces()).replace(PLACE.encode(), url.encode())
            packed = b"".join(member([written]))
            read = read_record(packed, where="here")
            found = Member(offset=len(data), length=len(packed), record=read)
            captures.append(capture_of(found, filename))
            data += packed
        assert [capture.url for capture in captures] == URLS
        collection = site.collection
        collection.store.put_new(key_of(filename), data)
        segment = Segment(filename=filename, source="other", state="stored")
        collection.index.add_segment(segment)
        collection.index.commit(captures)
        with served(site) as running:
            yield running


@pytest.mark.parametrize("url", URLS)
def test_is_found_and_shown(server: Served, url: str) -> None:
    written = sent(url)
    assert urlkey(written) == urlkey(url)
    gate = server.get(f"/web/{written}")
    assert gate.status_code == 302
    assert gate.headers["location"] == f"{server.url}/web/{AT}/{written}"
    shown = server.get(f"/web/{AT}id_/{written}")
    assert (shown.status_code, shown.content) == (200, GIF)
    assert shown.headers["x-archive-digest"] == sha256(GIF)
    assert shown.headers["content-location"] == f"/web/{AT}id_/{written}"
    for found in (gate, shown):
        assert "set-cookie" not in found.headers
        assert f'<{written}>; rel="original"' in found.headers["link"]
    assert server.get(f"/web/timemap/link/{written}").text.isascii()


@pytest.mark.parametrize("url", URLS)
def test_is_given_to_the_replay(server: Served, url: str) -> None:
    view = server.site.view
    found = answer(view, sent(url), AT, main=None, upgrade=False, call=server.site.call)
    assert found.headers["x-archive-url"] == sent(url)
    assert bytes(found.body) == GIF


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "path",
    [
        "/captures?",
        "/captures?match=host&",
        "/document?",
        "/cite?",
        "/cdx?",
        "/api/v1/captures?",
        "/api/v1/captures/warc?",
        "/api/v1/versions?",
    ],
)
def test_is_told_of(server: Served, path: str, url: str) -> None:
    answer = server.get(f"{path}url={quote(url, safe='')}", accept="*/*")
    assert answer.status_code == 200
