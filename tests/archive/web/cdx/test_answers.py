"""The forms of answers, over HTTP, as clients of other archives read them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import httpx
import pytest

from archive.index.blocks import BLOCK, Blocks
from archive.model import Capture
from archive.web.cdx import dialects
from archive.web.cdx.handlers import pieces
from archive.web.cdx.parameters import read_request
from archive.web.site import Site
from tests.archive.index.samples import SEGMENT, capture
from tests.archive.restrictions.deciding import withhold
from tests.archive.web.serving import Served, open_site, served

WAYBACK, PYWB = "/cdx/search/cdx", "/cdx"
URL = "https://example.org/news?id=7"
KEY = "org,example)/news?id=7"
FIRST = "Thu, 01 Jan 2026 00:00:00 GMT"
DIGEST = f"sha256:{'5e' * 32}"
FEW = [
    capture(URL, timestamp="20260101000000", offset=1, length=10, digest=DIGEST),
    capture(URL, timestamp="20260201000000", offset=2, length=11, status=0, mime="unk"),
    capture(URL, timestamp="20260301000000", offset=3, length=12, digest=DIGEST,
            mime="warc/revisit"),
    capture(URL, timestamp="20260401000000", offset=4, length=13, digest="sha1:QUJD",
            mime="a\tstrange one"),
    capture("https://example.org/other", timestamp="20260101000000", offset=5, digest=""),
]  # fmt: skip
MANY = [
    capture(f"https://many.example/{number // 10}", timestamp=f"{20260101000000 + number}",
            offset=100 + number)
    for number in range(2 * BLOCK + 100)
]  # fmt: skip
OFTEN = [
    capture("https://often.example/", timestamp=f"{20260101000000 + number}", offset=10000 + number)
    for number in range(2500)
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(f"sqlite:///{tmp_path_factory.mktemp('index')}/index.db") as found:
        found.collection.index.add_segment(SEGMENT)
        found.collection.index.commit([*FEW, *MANY, *OFTEN])
        yield found


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Served]:
    with served(site) as running:
        yield running


def get(server: Served, path: str, **parameters: str | list[str]) -> httpx.Response:
    answer = server.client.get(f"{server.url}{path}", params=parameters)
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer


def lines(server: Served, path: str, **parameters: str | list[str]) -> list[str]:
    answer = get(server, path, **parameters)
    assert answer.status_code == 200
    return answer.text.splitlines()


def test_text_of_the_wayback_machine(server: Served) -> None:
    answer = get(server, WAYBACK, url=URL)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        f"{KEY} 20260101000000 {URL} text/html 200 {DIGEST} 10",
        f"{KEY} 20260201000000 {URL} unk - {DIGEST} 11",
        f"{KEY} 20260301000000 {URL} warc/revisit 200 {DIGEST} 12",
        f"{KEY} 20260401000000 {URL} a%20strange%20one 200 QUJD 13",
    ]
    assert lines(server, WAYBACK, url="https://example.org/other")[0].split(" ")[5] == "-"


def test_json_of_the_wayback_machine(server: Served) -> None:
    answer = get(server, WAYBACK, url=URL, output="json", limit="1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [
        ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"],
        [KEY, "20260101000000", URL, "text/html", "200", DIGEST, "10"],
    ]
    chosen = get(server, WAYBACK, url=URL, output="json", fl="timestamp,statuscode", limit="-1")
    assert chosen.json() == [["timestamp", "statuscode"], ["20260401000000", "200"]]


def test_cdxj_of_pywb(server: Served) -> None:
    answer = get(server, PYWB, url=URL, limit="1")
    assert answer.headers["content-type"] == "text/x-cdxj"
    key, timestamp, fields = answer.text.split(" ", 2)
    assert (key, timestamp) == (KEY, "20260101000000")
    assert json.loads(fields) == {
        "url": URL,
        "mime": "text/html",
        "status": "200",
        "digest": DIGEST,
        "length": "10",
        "offset": "1",
        "filename": SEGMENT.filename,
    }
    assert get(server, f"{PYWB}/", url=URL, limit="1").text == answer.text
    # The key and the time stand before the fields that were chosen.
    assert lines(server, PYWB, url=URL, limit="1", fields="status,url") == [
        f'{KEY} 20260101000000 {{"status": "200", "url": "{URL}"}}'
    ]
    assert lines(server, PYWB, url=URL, limit="1", fl="url,status", output="text") == [f"{URL} 200"]
    assert get(server, PYWB, url=URL, limit="1", output="text").text == answer.text


def test_json_of_pywb(server: Served) -> None:
    answer = get(server, PYWB, url=URL, output="json")
    assert answer.headers["content-type"] == "text/x-ndjson"
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["timestamp"] for one in found] == [one.timestamp for one in FEW[:4]]
    assert found[0]["urlkey"] == KEY
    assert found[1]["status"] == "-"
    assert found[3]["digest"] == "QUJD"


@pytest.mark.parametrize("path", [WAYBACK, PYWB])
def test_link_format(server: Served, path: str) -> None:
    answer = get(server, path, url=URL, output="link", limit="1")
    assert answer.headers["content-type"] == "application/link-format"
    assert answer.text.split(",\n") == [
        f'<{URL}>; rel="original"',
        f'<{server.url}/web/timemap/link/{URL}>; rel="self"; type="application/link-format"',
        f'<{server.url}/web/{URL}>; rel="timegate"',
        f'<{server.url}/web/20260101000000/{URL}>; rel="memento"; datetime="{FIRST}"\n',
    ]


def test_nothing_found(server: Served) -> None:
    for path, output, expected in (
        (WAYBACK, "text", ""), (WAYBACK, "json", "[]\n"), (PYWB, "json", ""), (PYWB, "cdxj", ""),
    ):  # fmt: skip
        answer = get(server, path, url="nothing.example", output=output, showResumeKey="true")
        assert (answer.status_code, answer.text) == (200, expected)
    assert get(server, WAYBACK, url="nothing.example", showNumPages="true").text == "0\n"


def test_resume_keys(server: Served) -> None:
    found: list[str] = []
    more: dict[str, Any] = {}
    for _ in range(10):
        part = lines(server, WAYBACK, url=URL, limit="3", showResumeKey="true", **more)
        if "" not in part:
            found += part
            break
        assert part[-2] == ""
        found += part[:-2]
        more = {"resumeKey": part[-1]}
    assert found == lines(server, WAYBACK, url=URL)
    assert len(found) == 4
    table = get(server, WAYBACK, url=URL, limit="1", showResumeKey="true", output="json").json()
    assert table[2] == []
    assert len(table[3]) == 1
    assert get(server, WAYBACK, url=URL, limit="4", showResumeKey="true").text.count("\n\n") == 0


def test_counters_and_revisits(server: Served) -> None:
    asked = {"url": URL, "showDupeCount": "true", "resolveRevisits": "true"}
    counts = [line.split(" ")[4:] for line in lines(server, WAYBACK, **asked)]
    assert counts == [
        ["200", DIGEST, "10", "0", "-", "-", "-"],
        ["-", DIGEST, "11", "1", "-", "-", "-"],
        ["200", DIGEST, "12", "2", "10", "1", SEGMENT.filename],
        ["200", "QUJD", "13", "0", "-", "-", "-"],
    ]
    # It has its original's type then, in whatever order they are asked for.
    for order in ("reverse", ""):
        third = lines(server, WAYBACK, **asked, sort=order, filter="mimetype:warc/revisit")[0]
        assert third.split(" ")[3] == "text/html"
    (skipped,) = lines(
        server, WAYBACK, url=URL, collapse="timestamp:4", showSkipCount="true",
        lastSkipTimestamp="true",
    )  # fmt: skip
    assert skipped.endswith(" 10 3 20260401000000")


def test_pages(server: Served) -> None:
    asked = {"url": "many.example", "matchType": "host"}
    assert get(server, WAYBACK, **asked, showNumPages="true").text == "3\n"
    assert get(server, PYWB, **asked, showNumPages="true").json() == {
        "pages": 1, "pageSize": 10, "blocks": 3,
    }  # fmt: skip
    pages = [lines(server, WAYBACK, **asked, page=str(page)) for page in range(3)]
    assert [len(page) for page in pages] == [BLOCK, BLOCK, 100]
    assert [line for page in pages for line in page] == lines(server, WAYBACK, **asked)
    for path in (WAYBACK, PYWB):
        behind = get(server, path, **asked, page="3")
        assert behind.status_code == 400
        assert "pages are numbered from 0" in behind.json()["message"]
    blocks = lines(server, PYWB, **asked, showPagedIndex="true", pageSize="2", page="0")
    assert [line.rpartition("\t")[2] for line in blocks] == ["0", "1"]
    assert blocks[0].split("\t")[0] == "example,many)/0 20260101000000"


def test_an_empty_page_is_not_the_last_one(server: Served) -> None:
    """cdx_toolkit takes an empty answer for the end, and an error in JSON for an empty page."""
    asked = {"url": "many.example", "matchType": "host", "filter": "url:/600", "pageSize": "1"}
    first = get(server, PYWB, **asked, page="0", output="json")
    assert first.status_code == 404
    assert first.text.startswith("{")
    assert first.json()["message"]
    assert len(lines(server, PYWB, **asked, page="1")) == 10
    # A table without rows says it itself.
    empty = get(server, WAYBACK, **(asked | {"filter": "length:1"}), page="0", output="json")
    assert (empty.status_code, empty.text) == (200, "[]\n")


@pytest.mark.parametrize("path", [WAYBACK, PYWB, f"{PYWB}/"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "url=",
        "url=example.org&matchType=x",
        "url=example.org&filter=~url:(",
        "url=javascript:alert(1)",
    ],
)
def test_refusals(server: Served, path: str, query: str) -> None:
    answer = server.get(f"{path}?{query}", accept="text/html")
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert server.client.post(f"{server.url}{path}?url=example.org").status_code == 405


def test_coding(server: Served) -> None:
    asked = f"{server.url}{WAYBACK}?url=many.example&matchType=host"
    with server.client.stream("GET", asked, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        packed = b"".join(answer.iter_raw())
    plain = server.get(f"{WAYBACK}?url=many.example&matchType=host", accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    assert len(plain.content) > 1 << 18
    off = server.get(
        f"{WAYBACK}?url=many.example&matchType=host&gzip=false", accept_encoding="gzip"
    )
    assert "content-encoding" not in off.headers
    assert off.content == plain.content
    small = server.get(f"{WAYBACK}?url={URL}&limit=1", accept_encoding="gzip")
    assert "content-encoding" not in small.headers


def test_head(server: Served) -> None:
    for query, status in (("url=many.example&matchType=host", 200), ("url=", 400)):
        answer = server.client.head(f"{server.url}{WAYBACK}?{query}")
        assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize(
    "query",
    [
        "url=many.example&limit=1&offset=6000",
        "url=many.example&limit=-1&offset=6000",
        "url=many.example&limit=-1&offset=6000&showSkipCount=true",
        "url=many.example&limit=-6000",
        "url=many.example&limit=-6000&sort=reverse",
        "url=often.example&limit=1&showDupeCount=true",
    ],
)
def test_others_have_the_thread_before_the_first_line(site: Site, query: str) -> None:
    asked = read_request(f"{query}&matchType=domain".encode(), dialects.WAYBACK)
    waiting = takewhile(lambda piece: not piece, pieces(site.view, asked, "http://here"))
    assert len(list(waiting)) >= 2


def test_what_is_withheld_is_in_no_answer(tmp_path: Path) -> None:
    some: list[Capture] = [
        capture(f"https://example.org/{number}", offset=number) for number in range(4)
    ]
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        site.collection.index.add_segment(SEGMENT)
        site.collection.index.commit(some)
        withhold(site.collection, url=some[1].url)
        with served(site) as server:
            for asked in ({}, {"sort": "reverse"}, {"page": "0"}, {"limit": "-9"}):
                found = lines(server, WAYBACK, url="*.example.org", fl="original", **asked)
                assert sorted(found) == [some[0].url, some[2].url, some[3].url]
            last = lines(server, WAYBACK, url="example.org/*", limit="-3", fl="original")
            assert last == [some[0].url, some[2].url, some[3].url]
            for path in (WAYBACK, PYWB):
                hidden = get(server, path, url=some[1].url, closest="2026")
                assert (hidden.status_code, hidden.text) == (200, "")
            known = get(server, "/wayback/available", url=some[1].url)
            assert known.json() == {"url": some[1].url, "archived_snapshots": {}}


@pytest.mark.parametrize("by", ["url", "digest"])
def test_the_edge_of_a_block_is_not_named_where_it_is_withheld(tmp_path: Path, by: str) -> None:
    some = [
        capture(f"https://example.org/{number}", offset=number, digest=f"sha256:{number:064x}")
        for number in range(6)
    ]
    asked = {"url": "example.org", "matchType": "host", "showPagedIndex": "true"}
    edges = ["org,example)/0", "org,example)/2", "org,example)/4"]
    with open_site(f"sqlite:///{tmp_path}/index.db") as site:
        index = site.collection.index
        index.add_segment(SEGMENT)
        index.commit(some)
        index._blocks = Blocks(index._database.rows, size=2)
        with served(site) as server:
            assert [line.split()[0] for line in lines(server, PYWB, **asked)] == edges
            withhold(site.collection, **{by: getattr(some[2], by)})
            assert [line.split()[0] for line in lines(server, PYWB, **asked)] == edges[::2]
