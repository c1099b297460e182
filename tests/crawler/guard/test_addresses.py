"""The guard in crawls: the attacks work on plain Scrapy, and not with the add-on."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.crawler.guard.harness import Asked, HostileServer, crawl, failed_crawl, respond

# For the server of a test the one is a public address and the other a private one.
PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"
ALLOW_PUBLIC = {"PRESSMARK_ALLOW_NETWORKS": [f"{PUBLIC}/32"]}

SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "localhost",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
]


@pytest.fixture(params=[False, True], ids=["process", "runner"])
def runner(request: pytest.FixtureRequest) -> bool:
    """Under AsyncCrawlerProcess, and under AsyncCrawlerRunner, which ignores the setting."""
    return bool(request.param)


def test_every_spelling_of_loopback(tmp_path: Path, runner: bool) -> None:
    with HostileServer(lambda _, connection: respond(connection)) as server:
        urls = [server.url(host=host) for host in SPELLINGS]
        plain = crawl(tmp_path, list(urls), guarded=False, runner=runner)
        assert len(server.asked) == len(SPELLINGS), plain.log
        server.asked.clear()
        guarded = crawl(tmp_path, list(urls), runner=runner)
    assert server.asked == []
    assert len(guarded.outcomes) == len(SPELLINGS)
    for outcome in guarded.outcomes:
        assert outcome["error"] == "RequestRefused", outcome
        assert "allow_networks" in outcome["message"]
    assert "Traceback" not in guarded.log
    assert "Retrying" not in guarded.log


def test_names_that_lead_inside(tmp_path: Path, runner: bool) -> None:
    names = {
        "inside.example": [[PRIVATE]],
        "six.example": [["::1"]],
        "both.example": [["::1", PUBLIC]],
    }
    with HostileServer(lambda _, connection: respond(connection)) as server:
        urls = [server.url(host=name) for name in names]
        plain = crawl(tmp_path, [urls[0]], guarded=False, names=names, runner=runner)
        assert plain.only["status"] == 200
        server.asked.clear()
        guarded = crawl(tmp_path, list(urls), names=names, settings=ALLOW_PUBLIC, runner=runner)
    assert guarded.errors == ["RequestRefused", "RequestRefused", None]
    assert guarded.outcomes[0]["message"].startswith(f"inside.example is at {PRIVATE}, ")
    assert guarded.outcomes[1]["message"].startswith("six.example is at ::1, ")
    assert [asked.peer for asked in server.asked] == [PUBLIC]
    assert "Retrying" not in guarded.log


def test_an_unknown_name_is_no_refusal(tmp_path: Path) -> None:
    outcome = crawl(tmp_path, ["http://nowhere.invalid/"], names={"nowhere.invalid": [[]]}).only
    assert outcome["error"] == "CannotResolveHostError"


def test_ipv6_loopback(tmp_path: Path) -> None:
    def answer(_: Asked, connection: socket.socket) -> bool:
        return respond(connection)

    with HostileServer(answer, family=socket.AF_INET6) as server:
        url = server.url(host="[::1]")
        assert crawl(tmp_path, [url], guarded=False, runner=True).only["status"] == 200
        server.asked.clear()
        assert crawl(tmp_path, [url]).only["error"] == "RequestRefused"
        assert server.asked == []
        opened = crawl(tmp_path, [url], settings={"PRESSMARK_ALLOW_NETWORKS": "::1/128"})
    assert opened.only["status"] == 200


def test_a_page_that_leads_inside(tmp_path: Path) -> None:
    def answer(asked: Asked, connection: socket.socket) -> bool:
        inside = server.url(f"/inside{asked.target}")
        if asked.target == "/302":
            return respond(connection, b"", f"Location: {inside}", status="302 Found")
        if asked.target == "/refresh":
            html = f'<meta http-equiv="refresh" content="0; url={inside}">'
            return respond(connection, html.encode())
        if asked.target == "/link":
            return respond(connection, f'<a class="follow" href="{inside}">'.encode())
        return respond(connection)

    ways = ["/302", "/link", "/refresh"]
    with HostileServer(answer) as server:
        starts: list[dict[str, Any] | str] = [server.url(way, PUBLIC) for way in ways]
        crawl(tmp_path, starts, guarded=False)
        inside = [f"/inside{way}" for way in ways]
        assert sorted(asked.target for asked in server.asked) == sorted(ways + inside)
        server.asked.clear()
        guarded = crawl(tmp_path, starts, settings=ALLOW_PUBLIC)
    assert sorted(asked.target for asked in server.asked) == ways
    for path in inside:
        assert guarded.of(server.url(path))["error"] == "RequestRefused"


def test_a_name_that_changes_its_address(tmp_path: Path) -> None:
    job: dict[str, Any] = {
        "names": {"rebind.example": [[PUBLIC], [PRIVATE]]},
        "settings": ALLOW_PUBLIC | {"DNSCACHE_ENABLED": False, "CONCURRENT_REQUESTS": 1},
        "cache_seconds": 0,
    }
    with HostileServer(lambda _, connection: respond(connection)) as server:
        urls = [server.url(path, "rebind.example") for path in ("/1", "/2", "/3")]
        crawl(tmp_path, list(urls), guarded=False, **job)
        assert {asked.peer for asked in server.asked} == {PUBLIC, PRIVATE}
        server.asked.clear()
        guarded = crawl(tmp_path, list(urls), **job)
    assert [asked.peer for asked in server.asked] == [PUBLIC]
    assert guarded.errors.count("RequestRefused") == 2


def test_allowed_networks_open_exactly_what_they_name(tmp_path: Path) -> None:
    with HostileServer(lambda _, connection: respond(connection)) as server:
        urls = [server.url(host=host) for host in (PUBLIC, PRIVATE, "127.0.0.3")]
        opened = crawl(tmp_path, list(urls), settings=ALLOW_PUBLIC)
    assert opened.errors == [None, "RequestRefused", "RequestRefused"]
    assert [asked.peer for asked in server.asked] == [PUBLIC]


def test_other_schemes_are_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    urls = [secret.as_uri(), "data:text/plain,hello", "ftp://ftp.example/x", "s3://bucket/key"]
    plain = crawl(tmp_path, [urls[0], urls[1]], guarded=False)
    assert plain.errors == [None, None]
    guarded = crawl(tmp_path, list(urls), settings={"DOWNLOAD_HANDLERS": {
        "file": "scrapy.core.downloader.handlers.file.FileDownloadHandler"}})  # fmt: skip
    assert guarded.errors == ["NotSupported"] * 4


def test_a_network_that_is_none_stops_the_start(tmp_path: Path) -> None:
    error = failed_crawl(tmp_path, settings={"PRESSMARK_ALLOW_NETWORKS": ["127.0.0.1/8"]})
    assert "127.0.0.1/8 has host bits set" in error


def test_the_environments_proxy_is_not_used(tmp_path: Path) -> None:
    def answer(_: Asked, connection: socket.socket) -> bool:
        return respond(connection)

    allow = {"PRESSMARK_ALLOW_NETWORKS": ["127.0.0.1/32"]}
    with HostileServer(answer) as server, HostileServer(answer) as proxy:
        environment = {"http_proxy": proxy.url()}
        crawl(tmp_path, [server.url()], guarded=False, environment=environment)
        assert len(proxy.asked) == 1
        proxy.asked.clear()
        crawl(tmp_path, [server.url()], settings=allow, environment=environment)
        assert len(proxy.asked) == 0
        assert len(server.asked) == 1
        configured = crawl(
            tmp_path,
            [server.url("/x", "far.example"), server.url("/y", "10.0.0.1")],
            settings=allow | {"PRESSMARK_PROXY": proxy.url().replace("//", "//me:pass@")},
            environment={"http_proxy": server.url()},
        )
    assert configured.errors == [None, "RequestRefused"]
    assert [asked.target for asked in proxy.asked] == [server.url("/x", "far.example")]
    assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")
    assert len(server.asked) == 1
