"""`serve` and `token` as commands: who is let in, and how a server ends."""

from __future__ import annotations

import re
import signal
import socket
import threading
import time

import httpx
import pytest

from tests.acceptance.command import QUICK, Pressmark, finish
from tests.acceptance.serving import serving

READ = "/web/timemap/link/http://example.org/"
ADMIN = "/api/v1/restrictions"


def everywhere(pressmark: Pressmark) -> None:
    """Listen where other machines may reach it."""
    pressmark.configure(f"{QUICK}serve: {{host: 0.0.0.0, access_log: none}}\n")


def test_loopback_is_open_but_for_administration(pressmark: Pressmark) -> None:
    with serving(pressmark) as server:
        assert server.get("/health").status_code == 200
        assert server.get(READ).status_code == 404
        assert server.get(ADMIN).status_code == 401
        assert httpx.get(server.url + READ, headers={"host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("revoked", [False, True])
def test_it_does_not_start_for_others_without_a_token(pressmark: Pressmark, revoked: bool) -> None:
    if revoked:
        pressmark("token", "create", "old")
        pressmark("token", "revoke", "old")
    ended = pressmark("serve", "--host", "0.0.0.0", "--port", "0")
    assert (ended.status, ended.text) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert "pressmark token create" in line
    assert "public_read: true" in line


def test_loopback_behind_a_proxy_is_not_loopback(pressmark: Pressmark) -> None:
    for keys in (
        "proxies: [127.0.0.1]",
        "public_url: 'https://archive.example.org'",
        "hosts: [archive.example.org]",
    ):
        pressmark.configure(f"{QUICK}serve: {{{keys}}}\n")
        assert pressmark("serve", "--port", "0").status == 2


def test_token_opens_and_revoking_closes_while_it_runs(pressmark: Pressmark) -> None:
    everywhere(pressmark)
    made = pressmark("token", "create", "reader", "--expires", "1d", "--json").line
    assert made["expires"] > made["created"]
    admin = pressmark("token", "create", "boss", "--scope", "admin").text.strip()
    with serving(pressmark) as server:
        assert server.get(READ).status_code == 401
        assert server.get(READ, made["token"]).status_code == 404
        assert server.get(ADMIN, made["token"]).status_code == 403
        assert server.get(ADMIN, admin).status_code not in (401, 403)
        assert pressmark("token", "revoke", "reader").status == 0
        time.sleep(2)
        assert server.get(READ, made["token"]).status_code == 401
        assert server.get(READ, admin).status_code == 404
    listed = {one["name"]: one for one in pressmark("token", "list", "--json").lines}
    assert not listed["reader"]["in_force"]
    assert listed["boss"]["in_force"]
    assert listed["boss"]["last_used"] is not None
    assert "token" not in listed["boss"]
    assert "hash" not in listed["boss"]


def test_public_reading(pressmark: Pressmark) -> None:
    pressmark.configure(f"{QUICK}serve: {{host: 0.0.0.0, public_read: true, access_log: none}}\n")
    with serving(pressmark) as server:
        assert server.get(READ).status_code == 404
        assert httpx.post(server.url + "/save", data={"url": "http://x.org"}).status_code == 401


def test_token_command(pressmark: Pressmark) -> None:
    assert "create NAME" in pressmark("token", "list").text
    made = pressmark("token", "create", "one", "--scope", "save")
    assert made.status == 0
    assert re.fullmatch(r"pressmark_[a-z2-7]{40}\n", made.text)
    assert "not shown again" in made.stderr
    assert pressmark("token", "create", "one").status == 2
    assert pressmark("token", "create", "bad name").status == 2
    assert pressmark("token", "create", "two", "--scope", "everything").status == 2
    assert pressmark("token", "create", "two", "--expires", "yesterday").status == 2
    assert pressmark("token", "create", "two", "--expires", "2001").status == 2
    assert pressmark("token", "revoke", "three").status == 2
    shown = pressmark("token", "list").text
    assert "one" in shown
    assert "in force" in shown
    assert made.text.strip() not in shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_when_asked_and_finishes_what_runs(
    pressmark: Pressmark, number: signal.Signals
) -> None:
    with serving(pressmark) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            # Its head is whole, its body is not: the request runs.
            slow.sendall(
                b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\ntoken="
            )
            time.sleep(0.5)
            server.process.send_signal(number)
            time.sleep(0.5)
            assert server.process.poll() is None
            slow.sendall(b"xy")
            assert slow.makefile("rb").readline().startswith(b"HTTP/1.1 403")
        ended = finish(server.process)
        assert ended.status == 0
        assert ended.stderr == ""


def test_slow_clients_do_not_stop_it(pressmark: Pressmark) -> None:
    """200 connections with requests that never end."""
    with serving(pressmark) as server:
        host, port = server.url.removeprefix("http://").split(":")
        slow = [socket.create_connection((host, int(port))) for _ in range(200)]
        for number, connection in enumerate(slow):
            connection.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "
                if number % 2
                else b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nto"
            )
        assert server.get("/health").status_code == 200
        assert server.get(READ).status_code == 404
        # They are not waited for without end.
        first = threading.Thread(target=slow[1].recv, args=(100,))
        first.start()
        first.join(timeout=60)
        assert not first.is_alive()
        for connection in slow:
            connection.close()
