"""What goes wrong out there: one clear sentence each, and nothing lost."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl

import pytest
import trustme

from tests.acceptance.command import COMMAND, Pressmark, finish
from tests.servers.routes import html, site
from tests.servers.wire import Wire, WireServer, answering, reply

_TRICKLE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9000\r\n\r\n" + b"s" * 500
)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("not a url", "must begin with http"),
        ("ftp://example.org/file", "must begin with http"),
        ("file:///etc/passwd", "must begin with http"),
        ("http://", "name a host"),
        ("http://no-such-host.invalid/", "no-such-host.invalid"),
        ("http://10.1.2.3/", "allow_networks"),
        ("http://169.254.169.254/latest/meta-data/", "allow_networks"),
        ("http://[::1]/", "allow_networks"),
        ("http://0x0a000001/", "allow_networks"),
    ],
)
def test_refused_urls_say_why(pressmark: Pressmark, url: str, words: str) -> None:
    result = pressmark("archive", url, "--json")
    assert result.status == 1
    line = result.line
    assert (line["ok"], line["state"], line["status"], line["digest"]) == (False, None, None, None)
    assert words in line["error"]
    assert "\n" not in line["error"]


def test_one_bad_url_does_not_harm_the_others(pressmark: Pressmark) -> None:
    _, server = site({"/": html("<p>Good.")})
    with server:
        result = pressmark("archive", "nonsense", f"{server.url}/", "http://127.0.0.1:1/", "--json")
    assert result.status == 1
    assert [line["ok"] for line in result.lines] == [False, True, False]


def test_redirect_loop(pressmark: Pressmark) -> None:
    _, server = site(
        {
            "/a": reply(b"", b"Location: /b", status=b"302 Found"),
            "/b": reply(b"", b"Location: /a", status=b"302 Found"),
        }
    )
    with server:
        result = pressmark("archive", f"{server.url}/a", "--json")
        listed = pressmark("list", server.url, "--match", "host", "--json").lines
    assert (result.status, result.line["ok"]) == (1, False)
    assert "redirect" in result.line["error"]
    assert [row["status"] for row in listed].count(302) >= 2


def test_page_that_never_ends_is_kept_as_far_as_it_came(pressmark: Pressmark) -> None:
    async def stall(wire: Wire) -> None:
        await wire.request()
        await wire.send(_TRICKLE)
        await asyncio.sleep(30)

    pressmark.configure("contact: a@example.org\nlimits: {timeout: 2}\n")
    with WireServer(stall) as server:
        result = pressmark("archive", f"{server.url}/", "--json")
    line = result.line
    assert (result.status, line["ok"], line["state"]) == (1, False, "stored")
    assert pressmark("get", f"{server.url}/", "--as", "raw").stdout == _TRICKLE
    assert pressmark("list", f"{server.url}/", "--json").lines[-1]["truncated"] == "time"


def test_page_beyond_the_limit_is_kept_up_to_it(pressmark: Pressmark) -> None:
    pressmark.configure("contact: a@example.org\nlimits: {page: 100kB}\n")
    _, server = site({"/": html("x" * 300_000)})
    with server:
        result = pressmark("archive", f"{server.url}/", "--json")
    assert (result.status, result.line["ok"]) == (1, False)
    assert result.line["digest"]
    assert pressmark("list", f"{server.url}/", "--json").line["truncated"] == "length"


def test_certificate_that_does_not_verify_is_kept_and_recorded(pressmark: Pressmark) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost", "127.0.0.1").configure_cert(context)
    with WireServer(answering(html("<p>Over TLS.")), tls=context) as server:
        result = pressmark("archive", f"{server.url}/", "--json")
    assert (result.status, result.line["ok"]) == (0, True)
    records = gzip.decompress(pressmark("get", f"{server.url}/", "--as", "warc").stdout)
    assert b"Pressmark-Certificate-Verified: no; " in records
    assert b"WARC-Protocol: tls/1.3\r\n" in records
    assert b"WARC-Cipher-Suite: TLS_" in records


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (reply(b"", b"Content-Type: text/html"), "empty"),
        (html("<a " + " ".join(f"a{n}=1" for n in range(200_000)) + ">x</a>"), "too_complex"),
        (reply(b"caf\xe9 " * 90, b"Content-Type: text/html; charset=utf-8"), None),
        (
            reply(
                gzip.compress(b"<p>A gzip that is cut, and was longer.</p>" * 99)[:60],
                b"Content-Type: text/html",
                b"Content-Encoding: gzip",
            ),
            None,
        ),
        (reply(b"%PDF-1.7 no page", b"Content-Type: text/html"), None),
    ],
    ids=["empty body", "200k attributes", "wrong charset", "cut gzip", "not HTML"],
)
def test_odd_bodies_are_kept_whole(pressmark: Pressmark, answer: bytes, status: str | None) -> None:
    _, server = site({"/": answer})
    with server:
        url = f"{server.url}/"
        result = pressmark("archive", url, "--json")
        assert (result.status, result.line["ok"]) == (0, True), result.stderr
    assert pressmark("get", url, "--as", "raw").stdout == answer
    if status is not None:
        document = json.loads(pressmark("get", url, "--as", "json").stdout)
        assert (document["extraction_status"], document["text"]) == (status, "")


def test_feed_that_is_not_xml_is_said_and_the_crawl_goes_on(pressmark: Pressmark) -> None:
    _, server = site({"/": html("<p>Front page."), "/feed": reply(b"this is no feed")})
    with server:
        pressmark.configure(
            "contact: a@example.org\ndefaults: {delay: 0}\n"
            f"sources: [{{name: one, seeds: ['{server.url}/'], feeds: ['{server.url}/feed']}}]\n"
        )
        result = pressmark("crawl", "--json")
        assert result.status == 1
        assert (result.line["pages"], result.line["errors"]) == (1, 1)
        assert "feed" in result.stderr
        checked = pressmark("sources", "check", "--json")
        assert checked.status == 1
        assert [line["ok"] for line in checked.lines] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["archive"], "at least one URL"),
        (["list"], "Missing argument"),
        (["get", "http://x/", "--at", "yesterday"], "is not a time"),
        (["get", "http://x/", "--as", "picture"], "is not one of"),
        (["crawl", "nobody"], "nobody"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_usage_is_status_2(pressmark: Pressmark, arguments: list[str], words: str) -> None:
    result = pressmark(*arguments)
    assert result.status == 2
    assert words in result.stderr


def test_wrong_configuration_names_file_line_and_what_is_allowed(pressmark: Pressmark) -> None:
    pressmark.configure("contact: a@example.org\ndefaults:\n  robots: perhaps\nsorces: []\n")
    result = pressmark("archive", "http://example.org/")
    assert result.status == 2
    assert "pressmark.yaml:3" in result.stderr
    assert "obey" in result.stderr
    assert "pressmark.yaml:4" in result.stderr
    assert "sources" in result.stderr


@pytest.mark.parametrize("arguments", [["archive", "http://example.org/"], ["crawl"]])
def test_without_a_contact_nothing_is_fetched(pressmark: Pressmark, arguments: list[str]) -> None:
    pressmark.configure("{}\n")
    result = pressmark(*arguments)
    assert result.status == 2
    assert "contact" in result.stderr
    assert "pressmark init" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["list"], ["get"], ["get", "--as", "text"], ["get", "--as", "warc"]]
)
def test_what_was_never_archived_is_said(pressmark: Pressmark, arguments: list[str]) -> None:
    result = pressmark(*arguments, "http://example.org/never")
    assert result.status == 1
    assert "http://example.org/never is not in the collection" in result.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["sources", "list"], ["status", "--json"]])
def test_full_standard_output_is_one_sentence(pressmark: Pressmark, arguments: list[str]) -> None:
    assert pressmark(*arguments).status == 0
    with pressmark.start(
        *arguments, program=["sh", "-c", 'exec "$0" "$@" > /dev/full', *COMMAND]
    ) as process:
        done = finish(process)
    assert done.status == 1
    assert done.stderr == "pressmark: standard output: No space left on device\n"
