"""Every exchange with an awkward server, compared with what that server read and sent."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.codings import dechunk
from tests.crawler.recorder.harness import Crawl, Kept, crawl, request

PREFIX_ONLY = {"/short", "/shortchunk", "/slow"}


@dataclass(frozen=True)
class Run:
    """One crawl and the server's log of it."""

    crawl: Crawl
    log: list[dict[str, Any]]
    folder: Path

    def sent(self, entry: dict[str, Any]) -> bytes:
        """What the server sent, from the final status line on."""
        data = (self.folder / "bytes" / f"{entry['n']:05d}.response").read_bytes()
        return data[entry["response"]["interim"] :]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _requests(base: str, paths: list[str]) -> list[dict[str, Any]]:
    quick = {"download_timeout": 3.5, "dont_retry": True}  # amid 4 s of silence
    requests = [
        request(base + path, meta=quick if path == "/slow" else {})
        for path in paths
        if path != "/robots.txt"
    ]
    requests += [request(base + path, method="HEAD") for path in ("/odd", "/chunkgz", "/close")]
    requests += [
        request(base + "/odd", method="POST", body=bytes(range(256)) * 20),
        request(base + "/odd?empty", method="POST"),
        request(base + "/missing?query=1"),
        request(base + "/big?mb=5", meta={"download_maxsize": 1 << 20}),
        request(base + "/bigchunk?limit", meta={"download_maxsize": 1 << 20}),
        request(base + "/close?limit", meta={"download_maxsize": 10_000}),
    ]
    return requests


def _paths(tool: Path) -> list[str]:
    listed = subprocess.run(
        [sys.executable, str(tool), "--list"], capture_output=True, text=True, check=True
    )
    return [line.split()[0] for line in listed.stdout.splitlines()]


def _entries(log: Path, expected: int) -> list[dict[str, Any]]:
    """The log, once the server has also given up on the answers that were not waited for."""
    for _ in range(80):
        lines = log.read_text().splitlines()
        if len(lines) >= expected:
            break
        time.sleep(0.1)
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def run(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Every path of the server in clear and over TLS, and 200 requests at once."""
    folder = tmp_path_factory.mktemp("exactness")
    tool = shared / "tools" / "wireserver.py"
    command = [sys.executable, str(tool), "--port", "0", "--tls-port", "0"]
    command += ["--log", str(folder / "log.jsonl"), "--bytes", str(folder / "bytes")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            paths = _paths(tool)
            plain, secure = (
                f"http://127.0.0.1:{ready['port']}",
                f"https://127.0.0.1:{ready['tls_port']}",
            )
            smaller = [path for path in paths if path != "/big"] + ["/big?mb=3"]
            requests = _requests(plain, paths) + _requests(secure, smaller)
            requests += [request(f"{plain}/many/{n}") for n in range(200)]
            settings = {
                "ROBOTSTXT_OBEY": True,
                "CONCURRENT_REQUESTS": 200,
                "CONCURRENT_REQUESTS_PER_DOMAIN": 200,
                "DOWNLOAD_DELAY": 0,
            }
            done = crawl(folder / "crawl", requests, settings=settings)
            entries = _entries(folder / "log.jsonl", len(done.exchanges))
            yield Run(done, entries, folder)
        finally:
            server.kill()


def _mate(run: Run, kept: Kept, left: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The server's entry of an exchange, taken out of those that are left."""
    sent, received = sha(kept.request), sha(kept.response)
    for entry in left:
        if entry["request"]["sha256"] != sent:
            continue
        whole = entry["complete"] and not entry["cut"]
        if kept["truncated"] is None:
            same = whole and entry["response"]["final_sha256"] == received
        else:
            same = run.sent(entry).startswith(kept.response)
        if same:
            left.remove(entry)
            return entry
    return None


def test_every_exchange_equals_what_the_server_read_and_sent(run: Run) -> None:
    left = list(run.log)
    whole = [kept for kept in run.crawl.exchanges if kept["truncated"] is None]
    cut = [kept for kept in run.crawl.exchanges if kept["truncated"] is not None]
    wrong = [kept["url"] for kept in whole + cut if _mate(run, kept, left) is None]
    assert wrong == []
    assert [entry["target"] for entry in left] == []
    assert len(whole) > 250
    assert len(cut) > 10


def test_what_the_server_left_unfinished_is_marked(run: Run) -> None:
    reasons = [
        (path, kept["truncated"])
        for kept in run.crawl.exchanges
        if (path := "/" + kept["url"].partition("://")[2].partition("/")[2]) in PREFIX_ONLY
    ]
    assert {path for path, _ in reasons} == PREFIX_ONLY
    assert {reason for _, reason in reasons} == {"disconnect", "time"}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("path", "reasons"),
    [
        ("/slow", ["time"]),
        ("/short", ["disconnect"] * 3),
        ("/shortchunk", ["disconnect"] * 3),
        ("/big?mb=5", ["length"]),
        ("/bigchunk?limit", ["length"]),
        ("/close?limit", ["length"]),
        ("/close", [None, None]),  # GET and HEAD
        ("/extra", [None]),
        ("/304", [None]),
    ],
)
def test_reason_of_truncation(run: Run, scheme: str, path: str, reasons: list[str | None]) -> None:
    found = [
        kept["truncated"]
        for kept in run.crawl.exchanges
        if kept["url"].startswith(f"{scheme}:") and kept["url"].endswith(path)
    ]
    assert found == reasons


def test_digests_are_those_of_the_bytes_that_were_kept(run: Run) -> None:
    assert run.crawl.exchanges
    for kept in run.crawl.exchanges:
        body = kept.response[kept["head_length"] :]
        chunked = b"transfer-encoding: chunked" in kept.response[: kept["head_length"]].lower()
        assert kept["block_digest"] == "sha256:" + sha(kept.response)
        assert kept["payload_digest"] == "sha256:" + sha(dechunk(body) if chunked else body)


def test_only_large_blocks_are_on_disk_and_hashed_as_they_come(run: Run) -> None:
    for kept in run.crawl.exchanges:
        large = len(kept.response) > 1 << 20
        assert kept["spilled"] == large
        assert kept["streamed"] == (len(kept.response) if large else 0)
    assert sum(kept["spilled"] for kept in run.crawl.exchanges) >= 4


def test_every_hop_is_kept_and_says_what_led_to_it(run: Run) -> None:
    hops = [
        (kept["url"].rpartition("/")[2], (kept["via"] or "").rpartition("/")[2])
        for kept in run.crawl.exchanges
        if kept["url"].startswith("http:") and "redir" in kept["url"]
    ]
    assert hops.count(("redir", "")) == 1
    assert hops.count(("redir2", "redir")) == 1
    assert hops.count(("odd?from=redir", "redir2")) >= 1


def test_every_retry_is_kept(run: Run) -> None:
    statuses = [kept["status"] for kept in run.crawl.exchanges if kept["url"].endswith("/flaky")]
    assert sorted(statuses) == [200, 200, 503, 503]  # in clear three times, then over TLS


def test_robots_txt_is_kept(run: Run) -> None:
    robots = [kept for kept in run.crawl.exchanges if kept["url"].endswith("/robots.txt")]
    assert {kept["url"].partition(":")[0] for kept in robots} == {"http", "https"}


def test_each_response_knows_its_own_capture(run: Run) -> None:
    urls = {f"{kept['n']:05d}": kept["url"] for kept in run.crawl.exchanges}
    assert len(run.crawl.outcomes) == 260
    for outcome in run.crawl.outcomes:
        assert outcome["capture"] is not None, outcome
        assert urls[outcome["capture"]] == outcome["url"]
