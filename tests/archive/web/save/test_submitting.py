"""What may be handed in, and what was archived lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.errors import UrlError
from archive.model import Capture, Segment
from archive.names import new_name
from archive.timestamps import now, to_timestamp, to_warc_date
from archive.warc.writing import WarcRecord
from archive.web.saving import duration, recent, saveable
from archive.web.site import Site
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.serving import open_site
from tests.exchanges import page, response
from tests.keeping import store_records

_URL = "https://news.example.org/Story"
_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("news.example.org", "http://news.example.org/"),
        ("  https://news.example.org/a#part ", "https://news.example.org/a"),
        ("https://news.example.org?q=1", "https://news.example.org/?q=1"),
        ("https:/news.example.org/a", "https://news.example.org/a"),
        ("https%3A%2F%2Fnews.example.org%2Fa", "https://news.example.org/a"),
        ("https://news.example.org/a\nb", "https://news.example.org/ab"),
        ("https://news.example.org/a b", "https://news.example.org/a%20b"),
        ("https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C"),
        ("https://%D0%BF%D1%80.example/", "https://xn--o1ac.example/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("https://e.example/%2F?a=%2F//b", "https://e.example/%2F?a=%2F//b"),
    ],
)
def test_urls_as_people_and_clients_write_them(text: str, url: str) -> None:
    assert saveable(text) == url
    assert saveable(url) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://a b/",
        "http://a\x00b/",
        "http://[zz/",
        "http://x:99999/",
        "http://name:secret@example.org/",
        "http://name%3Asecret%40example.org/",
        "http://name：secret＠example.org/",
        f"http://name:secret@{'x' * 64}é.example/",
        "http://\ud800/",
        f"http://{'x' * 64}é.example/",
    ],
)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(UrlError) as raised:
        saveable(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3d", 3 * 86400),
        ("15h", 15 * 3600),
        ("3d 5h 20m", 3 * 86400 + 5 * 3600 + 20 * 60),
        ("1h30m", 5400),
        ("120", 120),
        ("86400s", 86400),
        ("2w", 14 * 86400),
        ("1d,2h", 86400),
        ("0", 0),
        ("999999999w", 100 * 366 * 86400),
    ],
)
def test_time_spans(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", ",", "x", "-1", "1e3", "9999999999", "3 dogs", "٣d"])
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(ValueError, match="time span"):
        duration(text)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(f"sqlite:///{tmp_path}/index.db") as opened:
        yield opened


def _kept(site: Site, url: str, *, ago: timedelta, message: bytes | None = None) -> Capture:
    """Keep a capture that is so old."""
    block = message or page()
    fields = (("WARC-Target-URI", url), ("WARC-Date", to_warc_date(now() - ago)))
    record = WarcRecord(type="response", fields=fields, block=[block], length=len(block))
    (capture,) = store_records(site.collection, [record])
    return capture


def test_what_was_archived_lately(site: Site) -> None:
    _kept(site, _URL, ago=timedelta(hours=3))
    assert recent(site.view, _URL, timedelta(hours=2)) is None
    assert recent(site.view, _URL, timedelta(0)) is None
    found = recent(site.view, _URL, timedelta(hours=4))
    assert found is not None
    assert found.url == _URL


def test_another_url_of_the_same_key_will_not_do(site: Site) -> None:
    _kept(site, _URL.lower(), ago=timedelta(hours=1))
    assert recent(site.view, _URL, _DAY) is None
    _kept(site, _URL, ago=timedelta(hours=2))
    found = recent(site.view, _URL, _DAY)
    assert found is not None
    assert found.url == _URL


def test_an_error_or_a_redirect_will_not_do(site: Site) -> None:
    _kept(site, _URL, ago=timedelta(hours=1), message=response(b"", status=b"404 Not Found"))
    moved = response(b"", b"Location: /b", status=b"301 Moved Permanently")
    _kept(site, _URL, ago=timedelta(hours=1), message=moved)
    assert recent(site.view, _URL, _DAY) is None


def test_what_is_not_stored_yet_will_not_do(site: Site) -> None:
    capture = _kept(site, _URL, ago=timedelta(hours=2))
    spooled = replace(capture, filename=f"{new_name('spooled')}.warc.gz", timestamp=_an_hour_ago())
    segment = Segment(
        filename=spooled.filename, source="spooled", state="spooled", node="here", path="spool"
    )
    site.collection.index.commit([spooled], new_segments=[segment])
    assert site.view.find(_URL).filename == spooled.filename
    assert recent(site.view, _URL, _DAY) == capture


def test_a_time_that_is_yet_to_come_will_not_do(site: Site) -> None:
    _kept(site, _URL, ago=-_DAY)
    assert recent(site.view, _URL, _DAY) is None
    capture = _kept(site, _URL, ago=timedelta(hours=1))
    assert recent(site.view, _URL, _DAY) == capture


def test_what_is_withheld_will_not_do(site: Site) -> None:
    _kept(site, _URL, ago=timedelta(hours=1))
    withhold(site.collection, url=_URL)
    assert recent(site.view, _URL, _DAY) is None


def _an_hour_ago() -> str:
    return to_timestamp(now() - timedelta(hours=1))
