"""SIGTERM: what was captured is sealed soon, whatever site, store or text would rather have."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.command import CONTACT, Pressmark, Result, finish
from tests.archive.importing import samples
from tests.servers.faultproxy import FaultProxy, Stall
from tests.servers.routes import Routes, html
from tests.servers.wire import Wire, WireServer
from tests.waiting import until

SEALED_WITHIN = 15.0


def _until_crawled(pressmark: Pressmark, routes: Routes) -> None:
    spool = pressmark.home / "spool"
    until(lambda: len(routes.asked) > 5 and any(spool.rglob("*.warc.gz.open")))


def _terminate(home: Path, process: subprocess.Popen[bytes]) -> None:
    """Send SIGTERM and see that no file stays open longer than is promised."""
    assert list((home / "spool").rglob("*.warc.gz.open"))
    process.send_signal(signal.SIGTERM)
    until(lambda: not list((home / "spool").rglob("*.open")), SEALED_WITHIN)


def _terminated(pressmark: Pressmark, url: str, routes: Routes) -> Result:
    """A crawl that gets SIGTERM when it has some captures."""
    with pressmark.start("crawl", url, "--json") as process:
        _until_crawled(pressmark, routes)
        _terminate(pressmark.home, process)
        result = finish(process, timeout=120)
    assert result.status == 143, result.stderr
    return result


def test_site_that_never_ends_its_answers(pressmark: Pressmark) -> None:
    async def stall(wire: Wire) -> None:
        await wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbeginning")
        await asyncio.sleep(300)

    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(20))
    stalled = {f"/{n}": stall for n in range(4, 20)}
    routes = Routes({"/": html(links), **{f"/{n}": html("<p>Quick.") for n in range(4)}, **stalled})
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0}}\n")
    with WireServer(routes) as server:
        result = _terminated(pressmark, f"{server.url}/", routes)
        assert result.line["captures"] >= 5
        rows = pressmark("list", server.url, "--match", "host", "--json").lines
        assert len(rows) == result.line["captures"]
    assert list((pressmark.home / "spool").rglob("*.gz*")) == []
    assert pressmark("verify", "--json").line["findings"] == []


@pytest.mark.slow
def test_text_that_takes_long_delays_no_seal(pressmark: Pressmark) -> None:
    slow = "".join(f"<p>{n}" for n in range(40_000))
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(7))
    routes = Routes({"/": html(links), **{f"/{n}": html(f"{n}{slow}") for n in range(7)}})
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0}}\ntext: {{workers: 1, deadline: 4}}\n")
    with WireServer(routes) as server:
        result = _terminated(pressmark, f"{server.url}/", routes)
        assert result.line["documents"] < result.line["pages"]
        # What has no text yet is kept; it gets it when the crawl is gone on with.
        line = pressmark("crawl", f"{server.url}/", "--json", timeout=150).line
        assert (line["pages"], line["documents"]) == (8, 8)
        assert len(routes.asked) <= 9 + 2
    assert pressmark("verify", "--json").line["findings"] == []


def test_second_signal_ends_at_once(proxied: Pressmark, proxy: FaultProxy) -> None:
    """In the middle of an upload that does not come to an end."""
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(50))
    routes = Routes({"/": html(links), **{f"/{n}": html("<p>Text.") for n in range(50)}})
    proxied.configure(f"{CONTACT}defaults: {{delay: 0.2}}\nshutdown_grace: 200\n")
    with WireServer(routes) as server:
        with proxied.start("crawl", f"{server.url}/", "--json") as process:
            _until_crawled(proxied, routes)
            proxy.fault(Stall(300), times=1000)
            _terminate(proxied.home, process)
            process.send_signal(signal.SIGTERM)
            result = finish(process, timeout=100)
        assert result.status == 143, result.stderr
        proxy.forget()
        assert proxied("crawl", f"{server.url}/", "--json").line["pages"] == 51
        assert len(routes.asked) <= 52 + 2
        assert proxied("verify", "--json").line["findings"] == []


@pytest.mark.parametrize("command", [("archive", "http://127.0.0.1:9/"), ("doctor", "--repair")])
def test_signal_while_the_store_is_asked_for_the_first_time(
    pressmark: Pressmark, silent_store: socket.socket, command: tuple[str, ...]
) -> None:
    with pressmark.start(*command) as process:
        silent_store.settimeout(60)
        connection, _ = silent_store.accept()
        with connection:
            process.send_signal(signal.SIGTERM)
            result = finish(process, timeout=100)
    assert result.status == 143
    assert "interrupted; nothing was captured" in result.stderr


def test_import_ends_although_the_store_does_not_answer(
    pressmark: Pressmark,
    silent_store: socket.socket,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What was taken in stays in the spool."""
    folder = tmp_path_factory.mktemp("theirs")
    file = samples.warcio_file(folder / "a.warc.gz", ["https://example.org/1"])
    pressmark.configure(f"{CONTACT}store_wait: 1h\nshutdown_grace: 1h\n")
    with pressmark.start("import", str(file), "--json") as process:
        until(lambda: list((pressmark.home / "spool").glob("*/imported-*.jsonl")))
        process.send_signal(signal.SIGTERM)
        result = finish(process, timeout=100)
    assert result.status == 143
    assert result.line["segments"] == 1
    assert "waits in the spool" in result.stderr
    assert list((pressmark.home / "spool").rglob("imported-*.warc.gz"))
