"""Responses without end: each takes plain Scrapy beyond what the test grants, and not the guard."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.crawler.guard.harness import Answer, Asked, Crawl, HostileServer, crawl, respond

ALLOW = {"PRESSMARK_ALLOW_NETWORKS": ["127.0.0.0/8"]}
MIB = 1 << 20
BARE = 200_000  # kB that a crawl takes which holds nothing large; about 90,000 are usual


def endless_lines(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(100)))


def endless_line(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"y" * 65536)


def endless_folding(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: y\r\n")
    while True:
        connection.sendall(b" y\r\n" * 1000)


def endless_interim(_: Asked, connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def large_head(_: Asked, connection: socket.socket) -> bool:
    connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 16)
    fields = [f"X-{number}: y" for number in range(400)]
    return respond(connection, b"body", f"X-Long: {'y' * 60_000}", *fields)


def endless_body(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        connection.sendall(b"y" * MIB)


def dripped_body(_: Asked, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _byte in range(1000):
        connection.sendall(b"y")
        time.sleep(0.1)


def film(_: Asked, connection: socket.socket) -> bool:
    return respond(connection, b"y" * 3 * MIB, "Content-Type: video/mp4")


def coded(body: bytes, coding: str) -> Answer:
    def answer(_: Asked, connection: socket.socket) -> bool:
        return respond(connection, body, f"Content-Encoding: {coding}")

    return answer


def gzipped(body: bytes, layers: int) -> bytes:
    for _ in range(layers):
        body = gzip.compress(body, mtime=0)
    return body


def bomb() -> bytes:
    compressor = zlib.compressobj(9, wbits=31)
    return b"".join(compressor.compress(bytes(MIB)) for _ in range(300)) + compressor.flush()


PAGE = b"<html><title>a page</title></html>"
BOMB = bomb()
HEADS = {
    "/lines": (endless_lines, "header is longer than 262144 bytes"),
    "/line": (endless_line, "header has a line of more than 65536 bytes"),
    "/folding": (endless_folding, "header has more than 508 lines"),
    "/interim": (endless_interim, "more than 16 interim responses"),
}
ANSWERS: dict[str, Answer] = {
    **{path: answer for path, (answer, _) in HEADS.items()},
    "/large-head": large_head,
    "/body": endless_body,
    "/dripped": dripped_body,
    "/film": film,
    "/film-as-page": film,
    "/bomb": coded(BOMB, "gzip"),
    "/four-layers": coded(gzipped(PAGE, 4), "gzip, gzip, gzip, gzip"),
    "/five-layers": coded(gzipped(PAGE, 5), ", ".join(["gzip"] * 5)),
    "/not-gzip": coded(PAGE, "gzip"),
    "/not-br": coded(PAGE, "br"),
    "/not-zstd": coded(PAGE, "zstd"),
    "/not-deflate": coded(PAGE, "deflate"),
    "/cut-gzip": coded(gzip.compress(PAGE)[:-10], "gzip"),
}
LIMITS: dict[str, Any] = {
    "PRESSMARK_PAGE_LIMIT": 2 * MIB,
    "PRESSMARK_MEDIA_LIMIT": 4 * MIB,
    "PRESSMARK_MINIMUM_RATE": 100,
    "PRESSMARK_RATE_WINDOW": 1,
}


def serve(tls: ssl.SSLContext | None = None) -> HostileServer:
    return HostileServer(lambda asked, connection: ANSWERS[asked.target](asked, connection), tls)


class Results:
    """One guarded crawl of all answers."""

    def __init__(self, server: HostileServer, done: Crawl) -> None:
        self.server = server
        self.crawl = done

    def of(self, path: str) -> dict[str, Any]:
        return self.crawl.of(self.server.url(path))

    def truncated(self, path: str) -> list[str | None]:
        return self.crawl.truncated[self.server.url(path)]


@pytest.fixture(scope="module", params=["http", "https"])
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Results]:
    context = None
    if request.param == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serve(context) as server:
        requests: list[dict[str, Any] | str] = [
            {
                "url": server.url(path),
                "meta": {"pressmark_kind": "media"} if path == "/film" else {},
            }
            for path in ANSWERS
        ]
        done = crawl(tmp_path_factory.mktemp("crawl"), requests, settings=ALLOW | LIMITS)
        assert sorted(asked.target for asked in server.asked) == sorted(ANSWERS)  # each once
        yield Results(server, done)


def test_memory_stays_small(results: Results) -> None:
    assert results.crawl.peak < BARE


@pytest.mark.parametrize("path", HEADS)
def test_a_head_without_end(results: Results, path: str) -> None:
    outcome = results.of(path)
    assert outcome["error"] == "ResponseRefused"
    assert HEADS[path][1] in outcome["message"]
    assert set(results.crawl.truncated.get(results.server.url(path), [])) <= {"length"}


def test_a_large_head_within_the_limits(results: Results) -> None:
    assert results.of("/large-head")["length"] == 4


def test_a_body_without_end(results: Results) -> None:
    assert results.of("/body")["error"] == "DownloadCancelledError"
    assert results.truncated("/body") == ["length"]


def test_media_may_be_larger_than_pages(results: Results) -> None:
    assert results.of("/film")["length"] == 3 * MIB
    assert results.of("/film-as-page")["error"] == "DownloadCancelledError"


def test_a_body_that_trickles_in(results: Results) -> None:
    outcome = results.of("/dripped")
    assert outcome["error"] == "BodyTooSlow"
    assert "too slowly" in outcome["message"]
    assert results.truncated("/dripped") == ["time"]


def test_a_decompression_bomb_is_kept_as_it_is(results: Results) -> None:
    outcome = results.of("/bomb")
    assert (outcome["status"], outcome["flags"]) == (200, ["undecoded"])
    assert outcome["length"] == len(BOMB)
    assert results.truncated("/bomb") == [None]


def test_codings_on_top_of_each_other(results: Results) -> None:
    assert results.of("/four-layers")["length"] == len(PAGE)
    assert results.of("/four-layers")["flags"] == []
    assert results.of("/five-layers")["flags"] == ["undecoded"]
    assert results.of("/five-layers")["length"] == len(gzipped(PAGE, 5))
    assert "5 content codings on top of each other" in results.crawl.log


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_a_body_that_is_not_what_it_says(results: Results, coding: str) -> None:
    outcome = results.of(f"/not-{coding}")
    assert (outcome["status"], outcome["length"]) == (200, len(PAGE))
    assert outcome["flags"] == ["undecoded"]


def test_of_a_cut_body_what_can_be_decoded(results: Results) -> None:
    outcome = results.of("/cut-gzip")
    assert outcome["status"] == 200
    assert outcome["flags"] == []
    assert 0 < outcome["length"] <= len(PAGE)


@pytest.mark.parametrize("path", ["/lines", "/bomb"])
def test_plain_scrapy_takes_memory_for_it(tmp_path: Path, path: str) -> None:
    settings = {"DOWNLOAD_TIMEOUT": 2, "RETRY_ENABLED": False}
    with serve() as server:
        done = crawl(tmp_path, [server.url(path)], guarded=False, settings=settings)
    assert done.peak > BARE


def test_plain_scrapy_reads_on(tmp_path: Path) -> None:
    settings = {"DOWNLOAD_TIMEOUT": 3, "RETRY_ENABLED": False}
    with serve() as server:
        urls = {path: server.url(path) for path in ("/interim", "/dripped", "/five-layers")}
        done = crawl(tmp_path, list(urls.values()), guarded=False, settings=settings)
    assert done.of(urls["/interim"])["error"] == "DownloadTimeoutError"
    assert done.of(urls["/dripped"])["error"] == "DownloadTimeoutError"
    assert done.of(urls["/five-layers"])["length"] == len(PAGE)
