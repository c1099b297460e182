"""`archive`, and reading back what it kept."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from crawler.demo.site import DemoSite
from tests.acceptance.command import Pressmark
from tests.servers.routes import html, site
from tests.servers.wire import reply
from tests.validators import check_by_commands

_EXPECTED = Path(__file__).parents[2] / "crawler/demo/bhrrc/expected.json"

FIELDS = [
    "ok",
    "state",
    "url",
    "final_url",
    "status",
    "timestamp",
    "digest",
    "filename",
    "offset",
    "length",
    "memento",
    "document",
    "captures",
    "requisites",
    "error",
]


def test_seed_page_is_archived_and_read_back(pressmark: Pressmark) -> None:
    """The main job, on the page that it was made for."""
    expected = json.loads(_EXPECTED.read_text())
    with DemoSite() as demo:
        url = demo.seed_url
        archived = pressmark("archive", url, "--json")
    assert archived.status == 0, archived.stderr
    line = archived.line
    assert list(line) == FIELDS
    assert (line["ok"], line["state"], line["status"], line["error"]) == (
        True,
        "stored",
        200,
        None,
    )
    assert line["memento"] == f"/web/{line['timestamp']}/{url}"
    assert line["requisites"] == {"ok": 1, "failed": 0}
    document = line["document"]
    assert document["title"] == expected["title"]
    assert document["authors"] == expected["authors"]
    assert (document["date"], document["language"]) == ("2022-01-21", "en")

    assert pressmark("get", url, "--as", "text").text == f"{expected['text']}\n"
    whole = json.loads(pressmark("get", url, "--as", "json").stdout)
    assert whole["text"].split("\n") == expected["paragraphs"]
    assert whole["text_digest"] == document["text_digest"]
    payload = pressmark("get", url, "--as", "payload").stdout
    assert f"sha256:{hashlib.sha256(payload).hexdigest()}" == line["digest"]
    listed = pressmark("list", url, "--json").line
    for name in ("timestamp", "digest", "filename", "offset", "length", "status"):
        assert listed[name] == line[name]
    (hit,) = pressmark("search", "Almaty", "--json").lines
    assert (hit["url"], hit["date"], hit["language"]) == (url, "2022-01-21", "en")
    assert pressmark("verify", "--json").line["findings"] == []
    assert check_by_commands(pressmark.home) == 1


def test_every_form_of_a_gzipped_chunked_page(pressmark: Pressmark) -> None:
    text = "<html><body><p>Déjà vu</p></body></html>"
    packed = gzip.compress(text.encode(), mtime=0)
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    head = (
        b"HTTP/1.1 200 Oll Korrekt\r\ncontent-TYPE: text/html\r\nContent-Encoding: gzip\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    _, server = site({"/": head + body})
    with server:
        url = f"{server.url}/"
        digest = pressmark("archive", url, "--json").line["digest"]
    assert pressmark("get", url, "--as", "raw").stdout == head + body
    assert pressmark("get", url, "--as", "headers").stdout == head
    assert pressmark("get", url, "--as", "payload").stdout == packed
    assert digest == f"sha256:{hashlib.sha256(packed).hexdigest()}"
    assert pressmark("get", url).stdout == text.encode()
    records = gzip.decompress(pressmark("get", url, "--as", "warc").stdout)
    assert records.count(b"WARC/1.1\r\n") == 2
    assert head + body in records
    assert pressmark("get", url, "-o", "out").stdout == b""
    assert (pressmark.folder / "out").read_bytes() == text.encode()


def test_input_order_and_duplicates(pressmark: Pressmark) -> None:
    routes, server = site({"/a": html("<p>a"), "/b": html("<p>b")})
    with server:
        a, b = f"{server.url}/a", f"{server.url}/b"
        (pressmark.folder / "urls").write_text(f"{b}\n# a comment\n\n{a}\n")
        result = pressmark("archive", a, b, a, "--input", "urls", "--json")
        assert [line["url"] for line in result.lines] == [a, b, a, b, a]
        assert all(line["ok"] for line in result.lines)
        assert routes.asked.count("/a") == 1
        piped = pressmark("archive", "--input", "-", "--json", stdin=f"{a}\n")
        assert piped.line["ok"]


def test_redirects_are_followed_and_each_hop_is_kept(pressmark: Pressmark) -> None:
    _, server = site(
        {
            "/old": reply(b"", b"Location: /new", status=b"301 Moved"),
            "/new": html("<p>The new page."),
        }
    )
    with server:
        old, new = f"{server.url}/old", f"{server.url}/new"
        line = pressmark("archive", old, "--json").line
    assert (line["ok"], line["final_url"], line["status"]) == (True, new, 200)
    assert [row["status"] for row in pressmark("list", old, "--json").lines] == [301]
    assert b"The new page." in pressmark("get", old).stdout
    assert pressmark("get", old, "--as", "raw").stdout.startswith(b"HTTP/1.1 301 Moved")


@pytest.mark.parametrize("status", [b"404 Not Found", b"410 Gone", b"451 Withheld", b"503 Busy"])
def test_error_pages_are_kept_and_are_ok(pressmark: Pressmark, status: bytes) -> None:
    _, server = site({"/gone": html("<p>Nothing here.", status=status)})
    with server:
        result = pressmark("archive", f"{server.url}/gone", "--json")
    assert result.status == 0
    assert (result.line["ok"], result.line["status"]) == (True, int(status[:3]))
    assert b"Nothing here." in pressmark("get", f"{result.line['url']}").stdout


def test_a_page_is_kept_with_what_it_needs(pressmark: Pressmark) -> None:
    page = (
        '<link rel=stylesheet href="/s.css"><img src="/a.png" srcset="/b.png 2x">'
        '<img data-src="/lazy.png"><script src="/x.js"></script><iframe src="/frame"></iframe>'
        '<video poster="/poster.png"></video><img src="/missing.png"><p>Text.</p>'
    )
    _, server = site(
        {
            "/": html(page),
            "/s.css": reply(
                b'@import "t.css"; b{background:url(bg.png)}', b"Content-Type: text/css"
            ),
            "/t.css": reply(b"@font-face{src:url('/f.woff')}", b"Content-Type: text/css"),
            **{
                path: reply(b"x", b"Content-Type: image/png")
                for path in ("/a.png", "/b.png", "/lazy.png", "/bg.png", "/poster.png", "/f.woff")
            },
            "/x.js": reply(b"1", b"Content-Type: text/javascript"),
            "/frame": html("<p>In the frame."),
        }
    )
    with server:
        result = pressmark("archive", f"{server.url}/", "--json")
        assert result.status == 0
        assert result.line["requisites"] == {"ok": 10, "failed": 1}
        rows = pressmark("list", server.url, "--match", "host", "--json").lines
        again = pressmark("archive", f"{server.url}/", "--json").line
    found = {row["url"].removeprefix(server.url) for row in rows}
    assert {"/t.css", "/bg.png", "/f.woff", "/frame", "/robots.txt", "/missing.png"} <= found
    # Requisites of the last 24 hours are not fetched again; the missing one is.
    assert again["captures"] == 2
