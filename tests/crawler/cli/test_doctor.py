"""What `doctor` says before a capture finds out, and which setting it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.crawler.cli.command import Command
from tests.servers.postgres import PostgresServer


def _detail(command: Command, name: str) -> tuple[int, str]:
    """Status of the command, and what the examination of that name found to be wrong."""
    status, out, _ = command("doctor", "--json")
    checks = [json.loads(line) for line in out.splitlines()]
    (detail,) = [check["detail"] for check in checks if check["check"] == name and not check["ok"]]
    return status, detail


def test_database_that_captures_would_refuse(
    command: Command, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.connect() as connection:
        connection.execute(
            "CREATE DATABASE western TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
        )
    monkeypatch.setenv("PRESSMARK_DATABASE_URL", postgres.url("western"))
    status, detail = _detail(command, "index")
    assert status == 3
    assert "`CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0`" in detail


def test_the_same_reason_is_told_once(command: Command) -> None:
    Path("data").mkdir()
    Path("data/index.db").write_bytes(b"not a database " * 1000)
    status, index = _detail(command, "index")
    assert (status, "is damaged" in index) == (3, True)
    assert _detail(command, "index and store") == (3, "not compared, for the reason above")


@pytest.mark.parametrize("setting", ["collection", "mirror"])
def test_store_that_is_a_file_is_named_by_its_setting(command: Command, setting: str) -> None:
    Path("file").touch()
    with Path("pressmark.yaml").open("a") as configuration:
        configuration.write(f"{setting}: file\n")
    status, detail = _detail(command, "store" if setting == "collection" else "mirror")
    assert status == 3
    assert detail.endswith(f"is not a folder; correct `{setting}`")
