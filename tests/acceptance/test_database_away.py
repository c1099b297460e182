"""The database server goes away in the middle of a crawl: it is waited for, and that is said."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from archive.index import Index
from tests.acceptance.command import CONTACT, Pressmark, finish
from tests.servers.postgres import PostgresServer
from tests.servers.routes import Routes, html
from tests.servers.wire import WireServer
from tests.waiting import until

PAGES = 120


@pytest.fixture
def site() -> Iterator[str]:
    """URL of a front page that links to many others."""
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(PAGES))
    pages = {f"/{n}": html(f"<p>Page {n}.") for n in range(PAGES)}
    with WireServer(Routes({"/": html(links), **pages})) as server:
        yield f"{server.url}/"


@pytest.fixture
def on_server(pressmark: Pressmark, own_postgres: PostgresServer) -> Pressmark:
    """`pressmark` with its database on a server that can be stopped."""
    pressmark.environment["PRESSMARK_DATABASE_URL"] = own_postgres.make_database()
    pressmark.configure(f"{CONTACT}defaults: {{delay: 0.1, requisites: false}}\n")
    return pressmark


@pytest.fixture
def cut_off(
    on_server: Pressmark, own_postgres: PostgresServer, site: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A crawl of the site whose server was stopped when it had some captures."""
    url = on_server.environment["PRESSMARK_DATABASE_URL"]
    with on_server.start("crawl", site, "--json") as process:
        until(lambda: Index.exists(url))
        with closing(Index(url)) as index:
            until(lambda: index.counts().captures >= 10)
        own_postgres.stop()
        yield process


def test_a_crawl_says_that_it_waits_and_that_it_goes_on(
    cut_off: subprocess.Popen[bytes], own_postgres: PostgresServer
) -> None:
    time.sleep(7)  # longer than questions wait, not as long as what is written
    own_postgres.start()
    result = finish(cut_off)
    assert (result.status, result.line["pages"]) == (0, PAGES + 1), result.stderr
    waiting, on = result.stderr.splitlines()
    assert waiting.endswith("waiting for the database")
    assert "going on: the index" in on


@pytest.mark.slow
def test_one_that_stays_away_ends_the_crawl_in_half_a_minute_and_few_words(
    cut_off: subprocess.Popen[bytes],
    on_server: Pressmark,
    own_postgres: PostgresServer,
    site: str,
) -> None:
    # Not another minute for uploads, which need the database too.
    result = finish(cut_off, timeout=50)
    assert result.status == 3
    said = result.stderr.splitlines()
    assert sum("waiting for the database" in line for line in said) == 1
    assert sum("failed:" in line for line in said) == 2  # with what it waits for; with why it ends
    assert "s for it); what was captured waits in the spool" in said[-1]
    assert not any("trying for" in line for line in said)
    own_postgres.start()
    again = on_server("crawl", site, "--json")
    assert (again.status, again.line["pages"]) == (0, PAGES + 1), again.stderr
