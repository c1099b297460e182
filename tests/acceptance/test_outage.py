"""A store that is away, refuses or does not answer: what goes on, what pauses, what is said."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.command import CONTACT, SCRAPY, Pressmark, finish
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import FaultProxy, ResetAfter, Stall
from tests.servers.routes import Routes, html, site
from tests.servers.wire import WireServer, reply
from tests.waiting import until

PAGES = 60
PAGE_BYTES = 40_000


@pytest.fixture
def large() -> Iterator[tuple[Routes, str]]:
    """A site of 60 pages that do not compress, and its URL."""
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(PAGES))
    pages = {f"/{n}": _incompressible() for n in range(PAGES)}
    routes = Routes({"/": html(links), **pages})
    with WireServer(routes) as server:
        yield routes, f"{server.url}/"


@pytest.fixture
def page() -> Iterator[str]:
    """URL of a page."""
    _, server = site({"/": html("<p>Kept all the same.")})
    with server:
        yield f"{server.url}/"


def _incompressible() -> bytes:
    return reply(os.urandom(PAGE_BYTES), b"Content-Type: application/octet-stream")


def _status(pressmark: Pressmark) -> dict[str, Any]:
    return pressmark("status", "--json").line


def _paused(pressmark: Pressmark, routes: Routes) -> int:
    """Wait until a crawl without room asks for nothing more; how often it has asked."""
    until(
        lambda: (pressmark.home / "index.db").exists() and not _status(pressmark)["spool"]["room"]
    )
    time.sleep(2)  # what was in flight
    asked = len(routes.asked)
    time.sleep(2)
    assert len(routes.asked) == asked
    return asked


def test_crawl_pauses_at_the_limit_and_goes_on_by_itself(
    proxied: Pressmark, proxy: FaultProxy, large: tuple[Routes, str], s3: S3Server, s3_bucket: str
) -> None:
    routes, url = large
    proxied.configure(f"{CONTACT}defaults: {{delay: 0.08}}\nspool: {{max_bytes: 800kB}}\n")
    proxy.down()
    with proxied.start("crawl", url, "--json") as process:
        asked = _paused(proxied, routes)
        assert 800_000 / PAGE_BYTES / 2 < asked < PAGES
        found = _status(proxied)
        assert found["store"]["ok"] is False
        assert found["spool"]["sealed"] >= 1  # so that it can go up at once
        assert found["spool"]["processes"] == 1
        assert found["lag"] > 0
        assert found["index"]["captures"] > 10
        pausing = [row for row in proxied("status").text.splitlines() if "crawls pause" in row]
        assert [row.split()[0] for row in pausing] == ["spool"]
        proxy.up()
        result = finish(process, timeout=120)
    assert result.status == 0, result.stderr
    assert "pausing: the spool holds" in result.stderr
    assert "going on: there is room again" in result.stderr
    assert result.line["errors"] == 0
    assert result.line["captures"] == PAGES + 2
    assert len(routes.asked) == len(set(routes.asked))
    assert proxied("verify", "--json").line["findings"] == []
    found = _status(proxied)
    assert (found["spool"]["bytes"], found["lag"], found["index"]["spooled"]) == (0, None, 0)


def test_paused_crawl_can_be_terminated(
    proxied: Pressmark, proxy: FaultProxy, large: tuple[Routes, str]
) -> None:
    routes, url = large
    proxied.configure(f"{CONTACT}defaults: {{delay: 0.08}}\nspool: {{max_bytes: 400kB}}\n")
    proxy.down()
    with proxied.start("crawl", url, "--json") as process:
        _paused(proxied, routes)
        process.send_signal(signal.SIGTERM)
        result = finish(process, timeout=120)
    assert result.status == 143, result.stderr
    assert "waits in the spool" in result.stderr
    assert list((proxied.home / "spool").rglob("*.open")) == []
    assert _status(proxied)["spool"]["abandoned"] == 1
    proxy.up()
    proxied.configure(f"{CONTACT}defaults: {{delay: 0.08}}\n")
    assert proxied("crawl", url, "--json").line["captures"] == PAGES + 2
    assert len(routes.asked) == len(set(routes.asked))
    assert proxied("verify", "--json").line["findings"] == []


def test_archive_waits_for_room_and_then_says_so(pressmark: Pressmark, page: str) -> None:
    pressmark.configure(f"{CONTACT}store_wait: 1\nspool: {{min_free: 1000TB}}\n")
    result = pressmark("archive", page, "--json")
    assert result.status == 3
    assert (result.line["ok"], result.line["state"]) == (False, None)
    assert "spool.min_free" in result.line["error"]
    assert "spool.min_free" in result.stderr
    assert "nothing was captured" in result.stderr
    assert "waits in the spool" not in result.stderr
    pressmark.configure(CONTACT)
    assert pressmark("archive", page).status == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_nearly_full_disk_pauses_before_it_is_full(
    pressmark: Pressmark, large: tuple[Routes, str]
) -> None:
    """The home on a disk of 3 MB, of which 1 MB shall stay free, and a store that is away."""
    disk = pressmark.folder / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False
    ).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        routes, url = large
        pressmark.home = disk / "home"
        pressmark.environment["PRESSMARK_HOME"] = str(pressmark.home)
        pressmark.store_at("http://127.0.0.1:9")
        pressmark.configure(f"{CONTACT}defaults: {{delay: 0.05}}\nspool: {{min_free: 1200kB}}\n")
        with pressmark.start("crawl", url, "--json") as process:
            asked = _paused(pressmark, routes)
            process.send_signal(signal.SIGTERM)
            result = finish(process, timeout=120)
        assert result.status == 143, result.stderr
        assert 1 < asked < PAGES
        assert "spool.min_free" in result.stderr
        assert "could not archive" not in result.stderr
        assert shutil.disk_usage(disk).free > 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_why_nothing_is_stored_is_said_once(pressmark: Pressmark, page: str) -> None:
    # Time for one try, which a busy machine may make slow: without its end there is no reason yet.
    pressmark.configure(f"{CONTACT}store_wait: 10\ns3: {{endpoint_url: 'http://127.0.0.1:9'}}\n")
    pressmark.store_at("http://127.0.0.1:9")
    del pressmark.environment["AWS_ENDPOINT_URL_S3"]
    for _ in range(2):
        result = pressmark("archive", page, f"{page}?again")
        assert result.status == 3
        said = result.text + result.stderr
        assert said.count("does not answer") == said.count("`s3.endpoint_url`") == 1, said
        assert result.text.count("FAILED  kept in the spool, not stored: http") == 2
        assert "what was captured waits in the spool" in result.stderr


def test_answer_that_was_lost_after_the_object_was_written(
    proxied: Pressmark, proxy: FaultProxy, page: str
) -> None:
    """The client asks again by itself and is refused: the object is its own."""
    proxy.fault(ResetAfter(), method="PUT", target=r"/(warc|cdxj|text|manifests)/", times=5)
    result = proxied("archive", page, "--json")
    assert result.status == 0, result.stderr
    assert result.line["state"] == "stored"
    assert proxy.count("PUT", r"/warc/") >= 2
    assert proxied("verify", "--json").line["findings"] == []


def test_leftover_that_is_refused_for_ever_is_a_warning(
    proxied: Pressmark, proxy: FaultProxy, page: str, s3: S3Server, s3_bucket: str
) -> None:
    proxied.configure(f"{CONTACT}store_wait: 0\n")
    proxy.down()
    name = proxied("archive", page, "--json").line["filename"]
    assert _status(proxied)["spool"]["abandoned"] == 1
    proxy.up()
    key = f"news/main/warc/{name[9:13]}/{name[13:15]}/{name[15:17]}/{name}"
    s3.client.put_object(Bucket=s3_bucket, Key=key, Body=b"something else")
    for _ in range(2):
        result = proxied("archive", page, "--json")
        assert (result.status, result.line["ok"]) == (0, True), result.stderr
        assert "an earlier command left" in result.stderr
        assert "other bytes" in result.stderr
    found = _status(proxied)
    assert found["index"]["spooled"] == 1
    assert found["spool"]["sealed"] == 1
    # What it holds can be read meanwhile.
    assert b"Kept all the same." in proxied("get", page, "--at", name[9:23]).stdout


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGTERM, id="SIGTERM"),
        pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.slow),
    ],
)
def test_store_that_does_not_answer_holds_up_no_end(
    proxied: Pressmark, proxy: FaultProxy, large: tuple[Routes, str], number: signal.Signals
) -> None:
    routes, url = large
    proxied.configure(f"{CONTACT}defaults: {{delay: 0.2}}\nshutdown_grace: 2\n")
    with proxied.start("crawl", url, "--json") as process:
        until(lambda: len(routes.asked) > 10)
        proxy.fault(Stall(60), times=1000)
        process.send_signal(number)
        until(lambda: list((proxied.home / "spool").rglob("*.warc.gz")), seconds=15)
        result = finish(process, timeout=120)
    assert result.status == {signal.SIGTERM: 143, signal.SIGINT: 130}[number], result.stderr
    assert "waits in the spool" in result.stderr
    began = time.monotonic()
    found = _status(proxied)
    assert "has not answered" in found["store"]["error"]
    assert time.monotonic() - began < 30
    proxy.forget()
    assert proxied("crawl", url, "--json").line["captures"] == PAGES + 2
    assert len(routes.asked) - len(set(routes.asked)) <= 2
    assert proxied("verify", "--json").line["findings"] == []


@pytest.mark.slow
def test_store_that_does_not_answer_holds_up_no_end_of_scrapy(
    proxied: Pressmark, proxy: FaultProxy, large: tuple[Routes, str]
) -> None:
    routes, url = large
    proxied.configure(f"{CONTACT}defaults: {{delay: 0.2}}\nshutdown_grace: 2\n")
    proxied.environment["SCRAPY_SETTINGS_MODULE"] = "config.settings"
    with proxied.start(
        "crawl", "news", "-a", f"url={url}", "-L", "ERROR", program=SCRAPY
    ) as process:
        until(lambda: len(routes.asked) > 10)
        proxy.fault(Stall(60), times=1000)
        process.send_signal(signal.SIGTERM)
        result = finish(process, timeout=50)
    assert "not all is stored, the rest waits for the next start" in result.stderr
    proxy.forget()
    kept = proxied.captures()
    assert kept > 10
    assert proxied("archive", url).status == 0  # and takes up the rest
    assert proxied("verify", "--json").line["findings"] == []
    assert proxied.captures() > kept


def test_store_that_never_answers_is_as_good_as_away(
    pressmark: Pressmark, silent_store: socket.socket, page: str
) -> None:
    """Not one that is slow: `store_wait` is all the time that it gets."""
    pressmark.configure(f"{CONTACT}store_wait: 1\n")
    result = pressmark("archive", page, "--json", timeout=150)
    assert (result.status, result.line["state"]) == (3, "spooled"), result.stderr
    assert b"Kept all the same." in pressmark("get", page).stdout
