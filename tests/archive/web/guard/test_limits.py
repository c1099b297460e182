"""How much, how often, and how many at once; what is noted of it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from archive.errors import StoreUnavailable
from archive.web.authority import Authority
from archive.web.guard import rates
from archive.web.guard.access_log import AccessLog, Line
from archive.web.guard.limits import URL_BYTES, Limits
from archive.web.guard.metrics import Metrics
from archive.web.guard.observing import Observing
from archive.web.guard.paths import path_of
from archive.web.guard.patience import HEAD_BYTES
from archive.web.guard.rates import Buckets
from archive.web.refusals import HANDLERS
from archive.web.site import WebSettings
from tests.archive.web.guard.conftest import Held, Serving
from tests.archive.web.serving import running
from tests.exchanges import page
from tests.keeping import archive_messages


def connect(url: str) -> socket.socket:
    """A plain connection to a server."""
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def first_line(connection: socket.socket) -> bytes:
    """Of an answer."""
    with connection, connection.makefile("rb") as answer:
        return answer.readline()


def test_longest_address(serving: Serving) -> None:
    url = serving(local=True).url
    target = b"/web/http://x.org/?"
    for size, status in ((URL_BYTES, b"404"), (URL_BYTES + 1, b"414")):
        connection = connect(url)
        path = target + b"a" * (size - len(target) + 1)  # the question mark is not counted
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert first_line(connection).startswith(b"HTTP/1.1 " + status)


def test_head_without_end(serving: Serving) -> None:
    connection = connect(serving(local=True).url)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * HEAD_BYTES)
    assert first_line(connection).startswith(b"HTTP/1.1 431")


def test_longest_body(serving: Serving, held: dict[str, Held]) -> None:
    server = serving(body_limit=20_000)
    saver = {"authorization": f"Bearer {held['save'].secret}"}
    url = server.url + "/save"
    for size, refused in ((20_000, False), (20_001, True)):
        body = b"x" * size
        for content in (body, iter([body[:9000], body[9000:]])):
            answer = server.client.post(url, content=content, headers=saver)
            assert (answer.status_code == 413) == refused
            assert ("serve.body_limit" in answer.text) == refused
    # Who has no authority may send a form to sign in, and no more.
    answer = server.client.post(server.url + "/login", content=b"x" * 17_000)
    assert answer.status_code == 413
    answer = server.client.post(url, content=b"x" * 20_001)
    assert answer.status_code == 401


def test_refused_body_is_not_the_next_request(serving: Serving) -> None:
    connection = connect(serving(local=True, body_limit=10).url)
    body = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /save HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (
        len(body) + 100
    )
    connection.sendall(head + body)
    with connection, connection.makefile("rb") as answer:
        text = answer.read()
    assert text.startswith(b"HTTP/1.1 413")
    assert text.count(b"HTTP/1.1") == 1


def ask(
    app: Callable[[Scope, Receive, Send], Any], path: str, body: tuple[bytes, ...] = ()
) -> list[Message]:
    """What an application sends for a GET, all in memory."""
    sent: list[Message] = []
    pieces = list(body)

    async def receive() -> Message:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope_of(path), receive, send))
    return sent


def scope_of(path: str) -> Scope:
    """Of a GET."""
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("192.0.2.1", 1),
        "authority": Authority(),
    }


def test_more_than_may_be_answered_at_once_are_told_to_come_again() -> None:
    """But for /health: that must not wait for anybody."""
    asked: list[str] = []

    async def check() -> None:
        release = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            asked.append(scope["path"])
            if scope["path"] != "/health":
                await release.wait()

        limits = Limits(app, WebSettings(concurrency=2))
        answers: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            answers.append(message)

        waiting = [
            asyncio.ensure_future(limits(scope_of(f"/{n}"), receive, send)) for n in range(2)
        ]
        await asyncio.sleep(0)
        await limits(scope_of("/third"), receive, send)
        assert answers[0]["status"] == 503
        assert (b"retry-after", b"5") in answers[0]["headers"]
        await limits(scope_of("/health"), receive, send)
        release.set()
        await asyncio.gather(*waiting)
        await limits(scope_of("/fourth"), receive, send)

    asyncio.run(check())
    assert asked == ["/0", "/1", "/health", "/fourth"]


def test_bucket() -> None:
    buckets = Buckets(per_minute=60)
    assert [buckets.take("a", 0.0) for _ in range(60)] == [0.0] * 60
    assert buckets.take("a", 0.0) == pytest.approx(1)
    assert buckets.take("b", 0.0) == 0.0
    assert buckets.take("a", 0.5) == pytest.approx(0.5)
    assert buckets.take("a", 1.0) == 0.0
    assert buckets.take("a", 1.0) == pytest.approx(1)
    assert [buckets.take("a", 1000.0) for _ in range(60)] == [0.0] * 60
    assert buckets.take("a", 1000.0) > 0


def test_bucket_remembers_so_many_clients_and_no_more() -> None:
    buckets = Buckets(per_minute=1)
    for number in range(30_000):
        assert buckets.take(str(number), 0.0) == 0.0
        # Who asks again and again is not forgotten for the many others.
        assert (buckets.take("busy", 0.0) == 0.0) == (number == 0)
    assert buckets.take("29999", 0.0) > 0
    assert buckets.take("1", 0.0) == 0.0


@pytest.fixture
def _stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bucket fills up again, however long a test takes."""
    monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: 1000.0))


@pytest.mark.usefixtures("_stopped_clock")
def test_rates(serving: Serving, held: dict[str, Held]) -> None:
    server = serving(public_read=True, search_rate=2, save_rate=1)
    search = "/api/v1/search?q=x"
    assert [server.get(search).status_code == 429 for _ in range(3)] == [False, False, True]
    late = server.get(search)
    assert late.headers["retry-after"] == "30"
    assert "too many" in late.text
    # A token has a bucket of its own, pages without words none.
    reader = f"Bearer {held['read'].secret}"
    assert server.get(search, authorization=reader).status_code != 429
    assert server.get("/").status_code != 429
    saver = {"authorization": f"Bearer {held['save'].secret}"}
    statuses = [server.client.post(server.url + "/save", headers=saver) for _ in range(2)]
    assert [answer.status_code == 429 for answer in statuses] == [False, True]
    assert server.get("/save/status/spn2-0", **saver).status_code != 429


@pytest.mark.usefixtures("_stopped_clock")
def test_address_that_a_client_claims_is_not_believed(serving: Serving) -> None:
    server = serving(public_read=True, search_rate=1)
    statuses = [
        server.get("/api/v1/search?q=x", x_forwarded_for=f"192.0.2.{n}").status_code
        for n in range(3)
    ]
    assert [status == 429 for status in statuses] == [False, True, True]


@pytest.mark.parametrize(
    "path", ["/health", "/api/v1/captures?url=x.org", "/nothing", "/cdx?url=x.org"]
)
def test_answers_of_our_own_are_safe(serving: Serving, path: str) -> None:
    headers = serving(local=True).get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers
    assert len(headers.get_list("content-security-policy")) == 1


def test_what_may_be_withheld_tomorrow_is_asked_for_again(serving: Serving) -> None:
    server = serving(local=True, search_rate=8)
    url = "http://kept.example/"
    (capture,) = archive_messages(server.site.collection, (url, page("x"), 0))
    for path in (
        f"/web/{url}",
        f"/web/{capture.timestamp}id_/{url}",
        f"/web/timemap/link/{url}",
        f"/cdx?url={url}",
        f"/cdx/search/cdx?url={url}",
        f"/wayback/available?url={url}",
        f"/warcs/{capture.filename}",
        f"/captures?url={url}",
        f"/api/v1/captures?url={url}",
        f"/api/v1/captures/warc?url={url}",
    ):
        answer = server.get(path)
        assert answer.status_code in (200, 302), path
        assert "no-cache" in answer.headers.get("cache-control", ""), path
        assert len(answer.headers.get_list("cache-control")) == 1, path


def test_metrics_count_by_route(serving: Serving) -> None:
    server = serving(local=True)
    for target in ("http://a.org/", "http://b.org/", "not:a:url"):
        server.get(f"/web/timemap/link/{target}")
    server.get("/<script>")
    text = server.get("/metrics").text
    route = 'route="/web/timemap/{form}/{url}"'
    assert f'pressmark_http_requests_total{{{route},status="4xx"}} 3.0' in text
    assert f"pressmark_http_request_seconds_count{{{route}}} 3.0" in text
    assert "pressmark_http_requests_in_flight 1.0" in text
    assert "pressmark_captures 0.0" in text
    assert "<script>" not in text
    assert "_created" not in text


def test_what_is_not_sent_for_head_is_not_counted(serving: Serving) -> None:
    server = serving(local=True, search_rate=7)
    for path in ("/about", "/api/v1/openapi.json", "/web/timemap/nothing"):
        assert int(server.client.head(server.url + path).headers["content-length"]) > 0
    assert "pressmark_http_response_bytes_total 0.0" in server.get("/metrics").text


def test_every_metric_is_documented() -> None:
    metrics = Metrics()
    metrics.answered("/", 200, 0.1, 1)
    names = set(re.findall(r"^# TYPE (\S+)", metrics.text().decode(), re.MULTILINE))
    assert "pressmark_http_requests_total" in names
    names |= {"pressmark_captures", "pressmark_documents", "pressmark_segments"}
    page = Path(__file__).parents[4] / "docs" / "operations.md"
    text = page.read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in text] == []


def test_access_log(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    metrics = Metrics()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["authority"] = Authority(token="reader", token_id="x")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"12345"})

    async def check() -> list[Message]:
        log = AccessLog(str(file))
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        observing = Observing(app, metrics, log)
        await observing(scope_of("/web/\x7f\u00e9?token=geheim"), receive, send)
        log.shutdown(wait=True)
        return sent

    sent = asyncio.run(check())
    assert file.stat().st_mode & 0o777 == 0o600
    (line,) = map(json.loads, file.read_text().splitlines())
    assert line.pop("ms") >= 0
    assert line.pop("time").endswith("Z")
    assert (b"x-request-id", line.pop("id").encode()) in sent[0]["headers"]
    assert "geheim" not in line["path"]
    assert line.pop("path").startswith("/web/")
    assert line == {
        "client": "192.0.2.1",
        "token": "reader",
        "method": "GET",
        "route": "/web/{timestamp}/{url}",
        "status": 200,
        "bytes": 5,
    }
    assert list(Line.__dataclass_fields__) == [
        "time", "id", "client", "token", "method", "path", "route", "status", "bytes", "ms"
    ]  # fmt: skip


def test_unexpected_error_is_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("inside")

    sent = ask(Observing(app, Metrics(), None), "/web/x")
    assert sent[0]["status"] == 500
    assert b"inside" not in sent[1]["body"]
    assert "ZeroDivisionError: inside" in caplog.text
    (request_id,) = (value for name, value in sent[0]["headers"] if name == b"x-request-id")
    assert request_id.decode() in caplog.text
    assert request_id in sent[1]["body"]


def test_store_that_goes_away_in_mid_answer_is_no_defect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"begun"
        raise StoreUnavailable("the store is away")

    async def answer(_: Request) -> Response:
        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/web/x", answer)], exception_handlers=dict(HANDLERS))
    with (
        running(Observing(app, Metrics(), None)) as url,
        httpx.stream("GET", f"{url}/web/x") as given,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        given.read()
    (told,) = (record for record in caplog.records if "away" in record.getMessage())
    assert given.headers["x-request-id"] in told.getMessage()
    assert (told.levelname, told.exc_info) == ("ERROR", None)
    assert "defect" not in caplog.text


def test_the_longest_matching_row_counts() -> None:
    assert path_of("/web/timemap/link/x").route == "/web/timemap/{form}/{url}"
    assert path_of("/web/x").route == "/web/{timestamp}/{url}"
    assert path_of("/healthy").route == "other"
    assert path_of("/login/x").look == "read"
    assert path_of("/metrics/x").look == "read"
    assert path_of("//save").look == "read"
    assert path_of("").route == "other"
