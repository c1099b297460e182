"""`serve` and `token` as commands: who is let in, and how a server ends."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.acceptance.command import QUICK, Pressmark, finish
from tests.acceptance.serving import serving
from tests.waiting import until

READ = "/web/timemap/link/http://example.org/"
ADMIN = "/api/v1/restrictions"


def listening(port: int) -> set[str]:
    """The sockets that listen on a port of IPv4, by their inodes."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {
        inode
        for _, local, _, state, *_, inode in (line[:10] for line in lines)
        if state == "0A" and local.endswith(f":{port:04X}")
    }


def everywhere(pressmark: Pressmark) -> None:
    """Listen where other machines may reach it."""
    pressmark.configure(f"{QUICK}serve: {{host: 0.0.0.0, access_log: none}}\n")


def test_loopback_is_open_but_for_administration(pressmark: Pressmark) -> None:
    with serving(pressmark) as server:
        assert server.get("/health").status_code == 200
        assert server.get(READ).status_code == 404
        assert server.get(ADMIN).status_code == 401
        assert httpx.get(server.url + READ, headers={"host": "evil.example"}).status_code == 400


def test_it_does_not_start_for_others_without_a_token(pressmark: Pressmark) -> None:
    ended = pressmark("serve", "--host", "0.0.0.0", "--port", "0")
    assert (ended.status, ended.text) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert "pressmark token create" in line
    assert "public_read: true" in line


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
        until(lambda: server.get(READ, made["token"]).status_code == 401)
        assert server.get(READ, admin).status_code == 404
    listed = {one["name"]: one for one in pressmark("token", "list", "--json").lines}
    assert not listed["reader"]["in_force"]
    assert listed["boss"]["in_force"]
    assert listed["boss"]["last_used"] is not None
    assert "token" not in listed["boss"]
    assert "hash" not in listed["boss"]


def test_public_server_behind_a_proxy(pressmark: Pressmark) -> None:
    """Reading is open, saving is not; the log has the client that the proxy names, no secret."""
    pressmark.configure(
        f"{QUICK}serve: {{host: 0.0.0.0, public_read: true, proxies: [127.0.0.1],"
        f" access_log: {pressmark.folder}/access.log}}\n"
    )
    proxied = {"x-forwarded-for": "198.51.100.1, 203.0.113.9", "x-forwarded-proto": "https"}
    with serving(pressmark) as server:
        answer = httpx.get(f"{server.url}{READ}?token=geheim", headers=proxied)
        assert answer.status_code == 404
        assert httpx.post(server.url + "/save", data={"url": "http://x.org"}).status_code == 401
        secret = pressmark("token", "create", "reader").text.strip()
        entered = httpx.post(server.url + "/login", data={"token": secret}, headers=proxied)
        assert entered.headers["set-cookie"].startswith("__Host-pressmark_session=")
    text = (pressmark.folder / "access.log").read_text()
    assert secret not in text
    assert "geheim" not in text
    first, second, third = map(json.loads, text.splitlines())
    assert (first["client"], first["status"]) == ("203.0.113.9", 404)
    assert first["id"] == answer.headers["x-request-id"]
    assert (second["client"], second["status"]) == ("127.0.0.1", 401)
    assert (third["path"], third["status"]) == ("/login", 303)


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
            until(lambda: "in_flight 2.0" in server.get("/metrics").text)
            (own,) = listening(int(port))
            server.process.send_signal(number)
            until(lambda: own not in listening(int(port)))
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
        for connection in slow:
            connection.close()
