"""`token`, and the servers that do not start."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.crawler.cli.command import Command

CONTACT = "contact: a@example.org\n"


def test_token_is_shown_once(command: Command) -> None:
    _, out, _ = command("token", "list")
    assert b"pressmark token create NAME" in out
    status, out, err = command("token", "create", "one", "--scope", "save")
    assert status == 0
    assert re.fullmatch(rb"pressmark_[a-z2-7]{40}\n", out)
    assert "read and save, until it is revoked; it is not shown again" in err
    _, shown, _ = command("token", "list")
    assert re.search(rb"one +[a-z2-7]{10}  save +\d.*  -  +-  +in force", shown)
    assert out.strip() not in shown
    status, out, _ = command("token", "revoke", "one")
    assert (status, out.startswith(b"token one (")) == (0, True)
    _, shown, _ = command("token", "list")
    assert b"revoked" in shown


def test_json(command: Command) -> None:
    _, out, err = command("token", "create", "one", "--expires", "90d", "--json")
    made = json.loads(out)
    assert err == ""
    assert made.pop("token").startswith("pressmark_")
    assert made["expires"] > made["created"]
    _, out, _ = command("token", "list", "--json")
    assert json.loads(out) == made
    assert made["in_force"]
    _, out, _ = command("token", "revoke", made["id"], "--json")
    ended = json.loads(out)
    assert not ended["in_force"]
    assert ended | {"revoked": None, "in_force": True} == made


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "one"), "token revoke one"),
        (("create", "bad name"), "'bad name' is no name"),
        (("create", "two", "--scope", "everything"), "everything"),
        (("create", "two", "--expires", "yesterday"), "'yesterday'"),
        (("create", "two", "--expires", "2001"), "over already"),
        (("create", "two", "--expires", "99999999999d"), "99999999999d"),
        (("revoke", "three"), "'three'"),
    ],
)
def test_what_cannot_be_done(command: Command, arguments: tuple[str, ...], said: str) -> None:
    command("token", "create", "one")
    status, out, err = command("token", *arguments)
    assert (status, out) == (2, b"")
    assert said in err


@pytest.mark.parametrize(
    ("keys", "host"),
    [
        ("{}", "0.0.0.0"),
        ("{proxies: [127.0.0.1]}", "127.0.0.1"),
        ("{public_url: 'https://archive.example.org'}", "127.0.0.1"),
        ("{hosts: [archive.example.org]}", "127.0.0.1"),
        ("{hosts: ['*']}", "127.0.0.1"),
    ],
)
def test_others_are_not_served_before_somebody_has_a_token(
    command: Command, keys: str, host: str
) -> None:
    """Nor when only one that is over is there."""
    Path("pressmark.yaml").write_text(f"{CONTACT}serve: {keys}\n")
    command("token", "create", "old")
    command("token", "revoke", "old")
    status, out, err = command("serve", "--host", host, "--port", "0")
    assert (status, out) == (2, b"")
    (line,) = err.splitlines()
    assert "pressmark token create NAME" in line
    assert "public_read: true" in line


@pytest.mark.parametrize(
    "keys",
    [
        "{port: 65536}",
        "{public_url: 'https://x.org/path'}",
        "{public_url: 'ftp://x.org'}",
        "{hosts: ['x.org:80']}",
        "{hosts: [a/b]}",
        "{proxies: [nonsense]}",
        "{access_log: relative.log}",
        "{replay_host: replay.x.org, replay_port: 8081}",
        "{replay_host: pages.x.org}",
        "{concurrency: 0}",
    ],
)
def test_settings_that_are_refused(command: Command, keys: str) -> None:
    Path("pressmark.yaml").write_text(f"{CONTACT}serve: {keys}\n")
    status, out, err = command("serve", "--port", "0")
    assert (status, out) == (2, b"")
    assert "pressmark.yaml:2:" in err
