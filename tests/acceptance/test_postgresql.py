"""Index and state in PostgreSQL by `PRESSMARK_DATABASE_URL` alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.command import Pressmark
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.servers.routes import html, site

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "公司供应链中的工人权利受到侵犯。" * 20


@pytest.fixture
def page() -> Iterator[str]:
    """URL of an article."""
    article = f"<article><h1>Miners on strike</h1><p>{'The miners stay out. ' * 30}<p>{TEXT}"
    _, server = site({"/": html(article)})
    with server:
        yield f"{server.url}/"


@pytest.fixture
def on_server(pressmark: Pressmark, postgres_url: str) -> Pressmark:
    """`pressmark` with its database on the server."""
    pressmark.environment["PRESSMARK_DATABASE_URL"] = postgres_url
    return pressmark


def test_archive_list_get_search_verify_rebuild(
    on_server: Pressmark, postgres: PostgresServer, postgres_url: str, page: str
) -> None:
    before = on_server("list", page)
    assert (before.status, before.stdout) == (1, b"")
    line = on_server("archive", page, "--json").line
    assert (line["ok"], line["state"]) == (True, "stored")
    assert on_server("list", page, "--json").line["digest"] == line["digest"]
    assert b"The miners stay out." in on_server("get", page).stdout
    for words in ("miners", "工人", "供应链"):
        assert on_server("search", words, "--json").line["url"] == page
    assert on_server("verify", "--json").status == 0
    assert [file.name for file in Path(on_server.home).glob("*.db*")] == []

    kept = on_server("list", page, "--json").stdout
    with postgres.connect(postgres_url) as connection:
        connection.execute("DROP SCHEMA press_index CASCADE")
    assert on_server("list", page).status == 1
    rebuilt = on_server("rebuild-index", "--json")
    assert (rebuilt.status, rebuilt.line["captures"]) == (0, 2)
    assert on_server("list", page, "--json").stdout == kept
    assert on_server("search", "miners", "--json").line["url"] == page
    assert on_server("verify", "--json").status == 0
    assert "PostgreSQL" in on_server("doctor").text


def test_a_server_that_is_away(on_server: Pressmark, page: str, tmp_path: Path) -> None:
    url = on_server.environment["PRESSMARK_DATABASE_URL"]
    on_server.environment["PRESSMARK_DATABASE_URL"] = url.replace("127.0.0.1:", "127.0.0.2:")
    for command in (("archive", page), ("list", page), ("search", "miners"), ("rebuild-index",)):
        done = on_server(*command)
        assert done.status == 3, command
        assert "can be reached" in done.stderr
        assert PASSWORD not in done.stderr
        assert "word%40" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
