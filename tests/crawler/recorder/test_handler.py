"""The handler against servers and proxies that each do one thing wrong, or odd, in one crawl."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.crawler.recorder.harness import Crawl, Kept, crawl, request
from tests.servers.wire import Script, Wire, WireServer, answering, closing, reply

PAGE = reply(b"p" * 3000, b"Content-Type: text/html; charset=utf-8")


async def _without_length(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 3000, step=1000, pause=0.2)


async def _endless_hints(wire: Wire) -> None:
    await wire.request()
    while True:
        await wire.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")


async def _dies_after_one(wire: Wire) -> None:
    """The first connection is kept alive, and then closed without an answer."""
    await wire.request()
    await wire.send(PAGE)
    await wire.request()
    if wire.number > 1:
        await wire.send(PAGE)


async def _reset(wire: Wire) -> None:
    await wire.request()
    await wire.send(UNDELIMITED, step=len(UNDELIMITED), pause=0.3)
    wire.reset()


UNDELIMITED = b"HTTP/1.1 200 OK\r\n\r\n" + b"r" * 2000
BOMB = b"HTTP/1.1 200 OK\r\n" + b"X-Bomb: 1\r\n" * 5000
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
HINTS = b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Hints\r\nLink: <s>\r\n\r\n" * 3
ANSWERING = answering(PAGE)
SLOWLY = answering(PAGE, step=1000, pause=0.3)
LARGE = hashlib.sha256(b"seed").digest() * (1 << 16)
SECRETS = {"X-Api-Key": "id=1; key=s3cret", "Authorization": "Bearer abc", "X-Plain": "plain"}


@dataclass(frozen=True)
class Case:
    """A server of its own, and what is asked of it; `path` may be a whole URL."""

    script: Script = ANSWERING
    path: str = "/"
    host: str = "127.0.0.1"
    through_proxy: bool = False
    then: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def stopping(hook: str, script: Script = SLOWLY) -> Case:
    """A case in which a handler of Scrapy's signals does what `hook` says."""
    return Case(script, fields={"meta": {"hook": hook}})


CASES = {
    "plain": Case(path="/a?b=c#top", fields={"meta": {"pressmark_via": "http://u:p@x/#y"}}),
    "userinfo": Case(path="http://name:password@127.0.0.1:{port}/u"),
    "ipv6": Case(host="::1"),
    "http proxy": Case(
        path="http://site.test/x",
        through_proxy=True,
        fields={"headers": {"Proxy-Authorization": "Basic Zm9vOmJhcg=="}},
    ),
    "stop at headers": stopping("stop at headers"),
    "stop at bytes": stopping("stop at bytes"),
    "fail at headers": stopping("fail at headers"),
    "fail at bytes": stopping("fail at bytes"),
    "stop without length": stopping("stop at bytes", _without_length),
    "fail without length": stopping("fail at bytes", _without_length),
    "cancel at headers": stopping("cancel at headers"),
    "stop when whole": stopping("stop at bytes", answering(PAGE)),
    "interim": Case(answering(HINTS + PAGE, step=7)),
    "endless interim": Case(_endless_hints),
    "bomb": Case(closing(BOMB)),
    "switch": Case(closing(SWITCH)),
    "dead connection": Case(_dies_after_one, path="/1", then="/2"),
    "reset": Case(_reset),
    "nothing": Case(closing(b"")),
    "large request": Case(fields={"method": "POST", "body": LARGE}),
    "secrets": Case(fields={"headers": SECRETS}),
}


@dataclass(frozen=True)
class Run:
    """The one crawl of all cases."""

    crawl: Crawl
    servers: dict[str, WireServer]
    order: list[str]

    def kept(self, case: str) -> list[Kept]:
        """The exchanges with the server of a case."""
        server = self.servers[case]
        place = f"http://{urlsplit(server.url).netloc}/"
        if CASES[case].through_proxy:
            place = CASES[case].path
        return [kept for kept in self.crawl.exchanges if kept["url"].startswith(place)]

    def only(self, case: str) -> Kept:
        """The one exchange with it."""
        kept = self.kept(case)
        assert len(kept) == 1, self.crawl.log
        return kept[0]

    def received(self, case: str, connection: int = 0) -> bytes:
        """What the server of a case read."""
        return bytes(self.servers[case].wires[connection].received)

    def outcome(self, case: str) -> dict[str, Any]:
        """What became of its (last) request."""
        number = self.order.index(case)
        return [one for one in self.crawl.outcomes if one["number"] == number][-1]


def _request(case: Case, server: WireServer) -> dict[str, Any]:
    def url(path: str) -> str:
        path = path.format(port=server.port)
        return path if "://" in path else server.url + path

    fields = dict(case.fields)
    meta = dict(fields.pop("meta", {}))
    if case.through_proxy:
        meta["proxy"] = server.url
    if case.then:
        fields["then"] = request(url(case.then))
    return request(url(case.path), meta=meta, **fields)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """All cases at once."""
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(WireServer(case.script, host=case.host))
            for name, case in CASES.items()
        }
        requests = [_request(case, servers[name]) for name, case in CASES.items()]
        settings = {
            "RETRY_ENABLED": False,
            "DOWNLOADER_MIDDLEWARES": {"crawler.guard.headers.Userinfo": 20},
            "PRESSMARK_SECRETS": ["s3cret"],
            "CONCURRENT_REQUESTS": 40,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 40,
        }
        folder = tmp_path_factory.mktemp("handler")
        yield Run(crawl(folder, requests, settings=settings), servers, list(CASES))


def test_describes_the_exchange(run: Run) -> None:
    kept = run.only("plain")
    assert (kept.request, kept.response) == (run.received("plain"), PAGE)
    assert kept["url"] == f"{run.servers['plain'].url}/a?b=c"
    assert (kept["method"], kept["status"], kept["mime"]) == ("GET", 200, "text/html")
    assert kept["head_length"] == PAGE.index(b"\r\n\r\n") + 4
    assert (kept["source"], kept["job"], kept["via"]) == ("test", "job-1", "http://x/")
    assert kept["connection"]["ip"] == "127.0.0.1"
    assert kept["connection"]["verified"] is None
    assert kept["started"].endswith("+00:00")


def test_exchanges_are_counted(run: Run) -> None:
    assert run.crawl.stats["recorder/exchanges"] == len(run.crawl.exchanges)
    assert run.crawl.stats["recorder/unanswered"] == 3  # dead connection, nothing, endless interim


def test_userinfo_is_in_no_record(run: Run) -> None:
    kept = run.only("userinfo")
    assert kept["url"] == f"{run.servers['userinfo'].url}/u"
    assert kept["redacted"] == ["Authorization"]
    credentials = base64.b64encode(b"name:password")
    assert credentials in run.received("userinfo")
    assert credentials not in kept.request


def test_ipv6(run: Run) -> None:
    kept = run.only("ipv6")
    assert (kept.request, kept.response) == (run.received("ipv6"), PAGE)
    assert kept["connection"]["ip"] == "::1"


def test_http_proxy(run: Run) -> None:
    kept = run.only("http proxy")
    assert kept.response == PAGE
    assert kept.request.startswith(b"GET http://site.test/x HTTP/1.1\r\n")
    assert kept["redacted"] == ["Proxy-Authorization"]
    assert b"Zm9v" in run.received("http proxy")
    assert b"Zm9v" not in kept.request


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("stop at headers", None),
        ("stop at bytes", None),
        ("fail at headers", "StopDownload"),
        ("fail at bytes", "StopDownload"),
        ("cancel at headers", "CancelledError"),
    ],
)
def test_what_is_broken_off_is_a_marked_prefix(run: Run, case: str, error: str | None) -> None:
    kept = run.only(case)
    assert kept["truncated"] == "unspecified"
    assert PAGE.startswith(kept.response)
    assert 0 < len(kept.response) < len(PAGE)
    assert run.outcome(case)["error"] == error
    assert run.outcome(case)["capture"] == f"{kept['n']:05d}"


@pytest.mark.parametrize("case", ["stop without length", "fail without length"])
def test_a_body_without_length_that_we_stop_is_not_taken_for_whole(run: Run, case: str) -> None:
    assert run.only(case)["truncated"] == "unspecified"


def test_a_message_that_had_come_whole_when_it_was_stopped_is_whole(run: Run) -> None:
    kept = run.only("stop when whole")
    assert (kept.response, kept["truncated"]) == (PAGE, None)
    assert run.outcome("stop when whole")["flags"] == ["download_stopped"]


def test_interim_responses_are_left_out(run: Run) -> None:
    kept = run.only("interim")
    assert (kept.response, kept["truncated"]) == (PAGE, None)


def test_endless_interim_responses_are_no_exchange(run: Run) -> None:
    assert run.kept("endless interim") == []
    assert run.outcome("endless interim")["error"] is not None
    assert run.outcome("endless interim")["capture"] is None


def test_a_head_beyond_the_limits_is_cut(run: Run) -> None:
    kept = run.only("bomb")
    assert kept["truncated"] == "length"
    assert BOMB.startswith(kept.response)
    assert (kept["head_length"], kept["status"]) == (0, 0)


def test_switching_protocols_is_a_final_response(run: Run) -> None:
    kept = run.only("switch")
    assert (kept.response, kept["status"]) == (SWITCH, 101)


def test_a_dead_kept_alive_connection_is_tried_again_on_a_new_one(run: Run) -> None:
    assert len(run.servers["dead connection"].wires) == 2
    assert run.received("dead connection").count(b"GET /2 ") == 1
    first, second = run.kept("dead connection")
    assert first["url"].endswith("/1")
    assert second["url"].endswith("/2")
    assert second.request == run.received("dead connection", 1)
    assert run.outcome("dead connection")["capture"] == f"{second['n']:05d}"


def test_a_reset_cuts_a_body_without_length(run: Run) -> None:
    kept = run.only("reset")
    assert (kept.response, kept["truncated"]) == (UNDELIMITED, "disconnect")


def test_nothing_answered_is_nothing_kept(run: Run) -> None:
    assert run.kept("nothing") == []
    assert run.outcome("nothing")["capture"] is None


def test_a_large_request_is_kept_exactly(run: Run) -> None:
    kept = run.only("large request")
    assert kept.request == run.received("large request")
    assert kept.request.endswith(LARGE)


def test_headers_that_hold_a_secret_are_withheld_whole(run: Run) -> None:
    kept = run.only("secrets")
    assert sorted(kept["redacted"]) == ["Authorization", "X-Api-Key"]
    expected = run.received("secrets")
    for name in ("X-Api-Key", "Authorization"):
        expected = expected.replace(SECRETS[name].encode(), b"[redacted]")
    assert kept.request == expected
    assert b"X-Plain: plain" in kept.request
