from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request

from crawler.guard.headers import SecretHeaders, Userinfo
from tests.crawler.guard.harness import Asked, HostileServer, crawl, respond

ALLOW = {"PRESSMARK_ALLOW_NETWORKS": ["127.0.0.0/8"]}


def sent(configured: dict[str, dict[str, str]], url: str, **headers: str) -> dict[str, str]:
    request = Request(url, headers=headers)
    SecretHeaders(configured).process_request(request)
    return {k.decode(): v[0].decode() for k, v in request.headers.items()}


def test_a_host_gets_its_headers_over_https_only() -> None:
    configured = {"news.example": {"X-API-Key": "s3cret"}}
    assert sent(configured, "https://news.example/a") == {"X-Api-Key": "s3cret"}
    assert sent(configured, "https://news.example:8443/a") == {"X-Api-Key": "s3cret"}
    for url in (
        "http://news.example/a",
        "https://www.news.example/a",
        "https://news.example.evil.example/a",
        "https://evil.example/news.example",
        "https://news.example@evil.example/",
    ):
        assert sent(configured, url) == {}


def test_an_http_seed_gets_them_over_http_too() -> None:
    configured = {"http://news.example:8080": {"X-API-Key": "s3cret"}}
    assert sent(configured, "http://news.example:8080/a") == {"X-Api-Key": "s3cret"}
    assert sent(configured, "https://news.example/a") == {"X-Api-Key": "s3cret"}
    assert sent(configured, "http://news.example/a") == {}


def test_a_secret_is_taken_off_on_the_way_to_another_host() -> None:
    configured = {"a.example": {"X-Key": "one"}, "b.example": {"X-Key": "two"}}
    assert sent(configured, "https://c.example/", **{"X-Key": "one"}) == {}
    assert sent(configured, "https://b.example/", **{"X-Key": "one"}) == {"X-Key": "two"}
    # A spider's own value of that header is none of the configured secrets.
    assert sent(configured, "https://c.example/", **{"X-Key": "mine"}) == {"X-Key": "mine"}


@pytest.mark.parametrize(
    ("url", "bare", "authorization"),
    [
        ("https://u:p@h.example/x?y#z", "https://h.example/x?y#z", b"Basic dTpw"),
        ("https://u%40x:p%3A@h.example:81/", "https://h.example:81/", b"Basic dUB4OnA6"),
        ("https://u@h.example/", "https://h.example/", b"Basic dTo="),
        ("https://@h.example/", "https://h.example/", None),
    ],
)
def test_userinfo_becomes_a_header(url: str, bare: str, authorization: bytes | None) -> None:
    request = Userinfo().process_request(Request(url, meta={"kept": 1}, priority=7))
    assert request is not None
    assert request.url == bare
    assert request.headers.get("Authorization") == authorization
    assert (request.meta["kept"], request.priority, request.dont_filter) == (1, 7, True)


def test_a_url_without_userinfo_stays() -> None:
    assert Userinfo().process_request(Request("https://h.example/a@b")) is None


def test_redirects_do_not_carry_secrets_abroad(tmp_path: Path) -> None:
    def answer(asked: Asked, connection: socket.socket) -> bool:
        if asked.target == "/start":
            there = server.url("/there?token=1", "127.0.0.2")
            return respond(connection, b"", f"Location: {there}", status="302 Found")
        return respond(connection, b'<a class="follow" href="/start">')

    with HostileServer(answer) as server:
        origin = f"http://127.0.0.1:{server.port}"
        request: dict[str, Any] = {
            "url": server.url("/start").replace("//", "//user:word@"),
            "headers": {"X-API-Key": "s3cret"},
        }
        settings = ALLOW | {"PRESSMARK_HEADERS": {origin: {"X-API-Key": "s3cret"}}}
        done = crawl(tmp_path, [request], settings=settings)
        here, there = server.asked[:2]
        server.asked.clear()
        crawl(tmp_path, [request | {"url": server.url("/start")}], guarded=False)
        plain = server.asked[1]
    assert plain.headers["x-api-key"] == "s3cret"  # plain Scrapy takes it along
    assert (here.peer, there.peer) == ("127.0.0.1", "127.0.0.2")
    assert here.headers["x-api-key"] == "s3cret"
    assert here.headers["authorization"] == "Basic dXNlcjp3b3Jk"
    assert "x-api-key" not in there.headers
    assert "authorization" not in there.headers
    assert "referer" not in there.headers
    assert done.outcomes[0]["url"] == server.url("/there?token=1", "127.0.0.2")
    assert "user:word" not in done.log.split("Spider opened")[1].replace(request["url"], "")


def test_the_referrer_stays_at_home(tmp_path: Path) -> None:
    def answer(asked: Asked, connection: socket.socket) -> bool:
        links = "/near", server.url("/far", "127.0.0.2")
        html = "".join(f'<a class="follow" href="{link}">' for link in links)
        return respond(connection, html.encode() if "token" in asked.target else b"end")

    with HostileServer(answer) as server:
        for guarded in (False, True):
            server.asked.clear()
            start = server.url("/start?token=1")
            crawl(tmp_path, [start], guarded=guarded, settings=ALLOW)
            referrers = {asked.target: asked.headers.get("referer") for asked in server.asked}
            assert referrers["/near"] == start
            assert referrers["/far"] == (None if guarded else start)
