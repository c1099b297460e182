"""What `/web/` answers, over HTTP, as RFC 7089 has it and as clients of web archives need it."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brotli
import httpx
import pytest
import zstandard

from archive.digests import sha256
from archive.model import Capture, Segment
from archive.names import new_name
from archive.timestamps import to_timestamp
from archive.web.links import http_date
from tests.archive.web.serving import Served, open_site, served
from tests.exchanges import STARTED, response
from tests.keeping import archive_messages

HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = "https://news.example.org/a?b=1&c=%2F"
BODY = "<p>Привет</p>".encode("cp1251")


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


MESSAGES: list[tuple[str, bytes, int]] = [
    (PAGE, response(b"<p>one</p>", HTML), 0),
    (PAGE, response(b"<p>gone</p>", HTML, status=b"404 Not Found"), 3600),
    (PAGE, response(b"<p>two</p>", HTML, b"Set-Cookie: a=1", b"X-Frame-Options: DENY"), 7200),
    (
        "http://example.org/moved",
        response(b"", b"Location: /a%20b?x=1", status=b"301 Moved Permanently"),
        0,
    ),
    ("http://example.org/gzip", response(gzip.compress(BODY), HTML, b"Content-Encoding: gzip"), 0),
    (
        "http://example.org/br",
        response(brotli.compress(BODY), b"Content-Type: text/html", b"Content-Encoding: br"),
        0,
    ),
    (
        "http://example.org/zstd",
        response(zstandard.compress(BODY), b"Content-Type: text/html", b"content-encoding: ZSTD"),
        0,
    ),
    (
        "http://example.org/both",
        response(brotli.compress(gzip.compress(BODY)), b"Content-Encoding: gzip, br"),
        0,
    ),
    (
        "http://example.org/mislabelled",
        response(b"plain", b"Content-Encoding: gzip"),
        0,
    ),
    ("http://example.org/odd", response(b"odd", status=b"999 Request denied"), 0),
    ("http://example.org/silence", b"", 0),
    (
        "http://example.org/chunks",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nRefresh: 0\r\nX-Two: 1\r\nX-Two: 2\r\n"
        b"\r\n" + chunked(b"in chunks"),
        0,
    ),
    ("http://example.org/a%2Fb//c", response(b"slashes"), 0),
    ("http://example.org/cyrillic/%D0%B6", response(b"zh"), 0),
]


def at(seconds: int) -> str:
    return to_timestamp(STARTED + timedelta(seconds=seconds))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("served")
    with open_site(f"sqlite:///{folder}/index.db") as site:
        archive_messages(site.collection, *MESSAGES)
        with served(site) as running:
            yield running


def links(answer: httpx.Response) -> dict[str, list[str]]:
    """Targets by relation, in order."""
    found: dict[str, list[str]] = {}
    for target, relations in re.findall(r'<([^>]*)>; rel="([^"]*)"', answer.headers["link"]):
        for relation in relations.split():
            found.setdefault(relation, []).append(target)
    return found


def raw(server: Served, url: str, seconds: int = 0, **headers: str) -> httpx.Response:
    return server.get(f"/web/{at(seconds)}id_/{url}", **headers)


# TimeGate


def test_a_timegate_redirects_to_the_newest_without_a_time(server: Served) -> None:
    answer = server.get(f"/web/{PAGE}")
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{server.url}/web/{at(7200)}/{PAGE}"
    assert answer.headers["vary"] == "accept-datetime"
    assert "memento-datetime" not in answer.headers
    found = links(answer)
    assert found["original"] == [PAGE]
    assert found["timemap"] == [f"{server.url}/web/timemap/link/{PAGE}"]
    assert found["first"] == [f"{server.url}/web/{at(0)}/{PAGE}"]
    assert found["last"] == [f"{server.url}/web/{at(7200)}/{PAGE}"]
    assert found["prev"] == [f"{server.url}/web/{at(3600)}/{PAGE}"]
    assert "next" not in found


@pytest.mark.parametrize(("seconds", "expected"), [(-900, 0), (60, 0), (3599, 0), (90_000, 7200)])
def test_a_timegate_redirects_to_the_nearest(server: Served, seconds: int, expected: int) -> None:
    answer = server.get(f"/web/{PAGE}", accept_datetime=http_date(at(seconds)))
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{server.url}/web/{at(expected)}/{PAGE}"


@pytest.mark.parametrize("zone", ["", " -0000", " +0000"])
def test_a_time_without_a_zone_is_one_of_gmt(
    server: Served, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        answer = server.get(
            f"/web/{PAGE}", accept_datetime=http_date(at(3600)).removesuffix(" GMT") + zone
        )
    finally:
        monkeypatch.undo()
        time.tzset()
    assert answer.headers["location"] == f"{server.url}/web/{at(3600)}/{PAGE}"


@pytest.mark.parametrize("value", ["yesterday", "20261122", "Sun, 31 Feb 2026 09:30:00 GMT", ""])
def test_a_timegate_refuses_what_is_no_date(server: Served, value: str) -> None:
    answer = server.get(f"/web/{PAGE}", accept_datetime=value)
    assert answer.status_code == 400
    assert "Accept-Datetime" in answer.text
    assert answer.headers["vary"] == "accept-datetime"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/html"),
        ("application/json", "application/problem+json"),
        ("text/plain", "text/plain"),
    ],
)
def test_what_is_missing_can_be_archived(server: Served, accept: str, kind: str) -> None:
    answer = server.get("/web/2026/http://example.org/never", accept=accept)
    assert answer.status_code == 404
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert ('action="/save"' in answer.text) == (kind == "text/html")


def test_a_timegate_knows_no_other_page(server: Served) -> None:
    answer = server.get("/web/http://example.org/never")
    assert answer.status_code == 404
    assert answer.headers["vary"] == "accept-datetime"
    assert "http://example.org/never" in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "news.example.org/a?b=1&c=%2F",
        "https:/news.example.org/a?b=1&c=%2F",
        "http%3A//news.example.org/a?b=1&c=%2F",
        "https%3A%2F%2Fnews.example.org%2Fa%3Fb%3D1%26c%3D%252F",
        "HTTPS://news.example.org/a?b=1&c=%2F",
    ],
)
def test_targets_that_proxies_and_clients_have_changed(server: Served, target: str) -> None:
    answer = server.get(f"/web/{target}")
    assert answer.headers["location"] == f"{server.url}/web/{at(7200)}/{PAGE}"


@pytest.mark.parametrize(
    "target",
    ["ftp://example.org/", "data:text/html,x", "javascript:alert(1)", "http://", "http://:80/"],
)
def test_what_is_no_url_of_the_web_is_refused(server: Served, target: str) -> None:
    answer = server.get(f"/web/{target}")
    assert answer.status_code == 400
    assert "<" not in answer.text


@pytest.mark.parametrize(
    # The client refuses what is mislabelled.
    "url",
    [url for url, _, seconds in MESSAGES if not seconds and not url.endswith("mislabelled")],
)
def test_head_is_answered_as_get(server: Served, url: str) -> None:
    for path in (f"/web/{url}", f"/web/timemap/link/{url}", f"/web/{at(0)}id_/{url}"):
        head = server.client.head(f"{server.url}{path}")
        full = server.get(path)
        drop = {"date", "x-request-id"}
        assert head.status_code == full.status_code
        assert head.content == b""
        assert {k: v for k, v in head.headers.items() if k not in drop} == {
            k: v for k, v in full.headers.items() if k not in drop
        }


def test_the_machine_that_has_it_is_named(tmp_path: Path) -> None:
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        (capture,) = archive_messages(site.collection, ("http://example.org/", response(b"x"), 0))
        filename = f"{new_name('far')}.warc.gz"
        index = site.collection.index
        index.add_segment(
            Segment(filename=filename, source="far", state="spooled", node="crawler7", path="/x")
        )
        index.commit([replace(capture, filename=filename, timestamp="20280101000000")])
        with served(site) as running:
            answer = running.get("/web/20280101000000id_/http://example.org/")
    assert answer.status_code == 503
    assert "in the spool of crawler7: ask there" in answer.text
    assert "/x" not in answer.text


def test_other_methods_are_refused(server: Served) -> None:
    for path in (f"/web/{PAGE}", "/cdx", "/wayback/available", "/warcs/x"):
        answer = server.client.post(f"{server.url}{path}")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.text == "this address does not answer POST\n"


# Mementos


def test_a_time_that_is_not_exact_leads_to_the_exact_one(server: Served) -> None:
    for given in (at(7200)[:11], at(7100), "2999", "2027123199"):
        answer = server.get(f"/web/{given}id_/{PAGE}")
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{server.url}/web/{at(7200)}id_/{PAGE}"
    assert server.get(f"/web/1id_/{PAGE}").headers["location"].endswith(f"/{at(0)}id_/{PAGE}")


def test_a_memento_says_what_it_is(server: Served) -> None:
    answer = raw(server, PAGE, 3600)
    assert answer.status_code == 404
    assert answer.content == b"<p>gone</p>"
    assert answer.headers["memento-datetime"] == http_date(at(3600))
    assert "accept-datetime" not in answer.headers["vary"]
    assert answer.headers["content-location"] == f"/web/{at(3600)}id_/{PAGE}"
    found = links(answer)
    assert found["original"] == [PAGE]
    assert found["timegate"] == [f"{server.url}/web/{PAGE}"]
    assert found["prev"] == found["first"] == [f"{server.url}/web/{at(0)}id_/{PAGE}"]
    assert found["next"] == found["last"] == [f"{server.url}/web/{at(7200)}id_/{PAGE}"]
    assert len(found["memento"]) == 3


def test_archived_content_may_do_nothing(server: Served) -> None:
    answer = raw(server, PAGE, 7200)
    assert answer.content == b"<p>two</p>"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers
    assert "x-frame-options" not in answer.headers
    assert answer.headers["x-archive-orig-x-frame-options"] == "DENY"
    assert not [name for name in answer.headers if "cookie" in name]
    chunks = raw(server, "http://example.org/chunks")
    assert "refresh" not in chunks.headers
    assert chunks.headers.get_list("x-archive-orig-x-two") == ["1", "2"]


def test_where_the_bytes_lie_is_said(server: Served) -> None:
    answer = raw(server, "http://example.org/chunks")
    assert answer.content == b"in chunks"
    assert answer.headers["x-archive-digest"] == sha256(b"in chunks")
    capture = server.site.view.find("http://example.org/chunks")
    assert answer.headers["x-archive-src"] == capture.filename


def test_an_archived_redirect_leads_into_the_archive(server: Served) -> None:
    answer = raw(server, "http://example.org/moved")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{server.url}/web/{at(0)}id_/http://example.org/a%20b?x=1"
    assert answer.headers["x-archive-orig-location"] == "/a%20b?x=1"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_content_coding_stays_where_it_is_understood(server: Served, coding: str) -> None:
    url = f"http://example.org/{coding}"
    with server.client.stream(
        "GET",
        f"{server.url}/web/{at(0)}id_/{url}",
        headers={"Accept-Encoding": f"identity, {coding};q=0.5"},
    ) as answer:
        sent = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == coding
    assert sent != BODY
    (message,) = (message for each, message, _ in MESSAGES if each == url)
    assert message.endswith(sent)


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "both"])
@pytest.mark.parametrize("accept", ["identity", "", "deflate", "gzip;q=0, br;q=0.0, zstd;q=0"])
def test_a_content_coding_is_undone_for_others(server: Served, name: str, accept: str) -> None:
    answer = raw(server, f"http://example.org/{name}", accept_encoding=accept)
    assert "content-encoding" not in answer.headers
    assert answer.content == BODY
    assert answer.headers["content-length"] == str(len(BODY))
    assert answer.headers["vary"] == "accept-encoding"


def test_the_media_type_is_that_of_the_archive(server: Served) -> None:
    assert raw(server, "http://example.org/br").headers["content-type"] == "text/html"
    assert raw(server, PAGE).headers["content-type"] == "text/html; charset=utf-8"
    assert raw(server, "http://example.org/odd").headers["content-type"] == (
        "application/octet-stream"
    )


def test_a_body_that_is_not_what_its_label_says_comes_as_it_was_sent(server: Served) -> None:
    with server.client.stream(
        "GET", f"{server.url}/web/{at(0)}id_/http://example.org/mislabelled"
    ) as answer:
        assert b"".join(answer.iter_raw()) == b"plain"
    assert answer.headers["content-encoding"] == "gzip"


def test_a_status_that_http_does_not_know(server: Served) -> None:
    answer = raw(server, "http://example.org/odd")
    assert answer.status_code == 200
    assert answer.content == b"odd"


def test_where_no_answer_came_there_is_nothing_to_show(server: Served) -> None:
    answer = raw(server, "http://example.org/silence")
    assert answer.status_code == 502


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("http://example.org/a%2Fb//c", b"slashes"),
        ("http://example.org/cyrillic/%D0%B6", b"zh"),
        ("http://example.org/cyrillic/ж", b"zh"),
    ],
)
def test_a_url_is_taken_from_the_request_line(server: Served, url: str, body: bytes) -> None:
    assert raw(server, url).content == body


# TimeMaps


def test_timemap_in_link_format(server: Served) -> None:
    answer = server.get(f"/web/timemap/link/{PAGE}")
    assert answer.headers["content-type"] == "application/link-format"
    lines = answer.text.rstrip("\n").split(",\n")
    assert lines[0] == f'<{PAGE}>; rel="original"'
    span = f'from="{http_date(at(0))}"; until="{http_date(at(7200))}"'
    assert lines[1] == (
        f'<{server.url}/web/timemap/link/{PAGE}>; rel="self"; type="application/link-format"; '
        + span
    )
    assert lines[2] == f'<{server.url}/web/{PAGE}>; rel="timegate"'
    assert lines[3:] == [
        f'<{server.url}/web/{at(seconds)}/{PAGE}>; rel="{rel}"; datetime="{http_date(at(seconds))}"'
        for seconds, rel in ((0, "first memento"), (3600, "memento"), (7200, "last memento"))
    ]


def test_timemap_in_json(server: Served) -> None:
    found = server.get(f"/web/timemap/json/{PAGE}").json()
    assert found["original_uri"] == PAGE
    assert found["timegate_uri"] == f"{server.url}/web/{PAGE}"
    mementos = found["mementos"]
    assert mementos["first"] == mementos["list"][0]
    assert mementos["last"] == mementos["list"][2]
    assert mementos["list"][1] == {
        "datetime": http_date(at(3600)),
        "uri": f"{server.url}/web/{at(3600)}/{PAGE}",
    }


def test_timemap_in_cdxj(server: Served) -> None:
    lines = server.get(f"/web/timemap/cdxj/{PAGE}").text.splitlines()
    assert [line.split(" ")[1] for line in lines] == [at(0), at(3600), at(7200)]


def test_timemap_of_what_is_not_there(server: Served) -> None:
    assert server.get("/web/timemap/link/http://example.org/never").status_code == 404
    assert server.get("/web/timemap/xml/http://example.org/never").status_code == 400
    assert server.get("/web/timemap/").status_code == 404


def test_a_long_timemap_comes_whole(tmp_path: Path) -> None:
    message = response(b"x")
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        kept: list[Capture] = archive_messages(
            site.collection, *(("http://example.org/", message, n) for n in range(3000))
        )
        with served(site) as running:
            answer = running.get("/web/timemap/link/http://example.org/")
            assert "content-length" not in answer.headers
            assert answer.text.count("\n") == len(kept) + 3
            assert running.client.head(str(answer.url)).content == b""
