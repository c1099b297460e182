"""The database server is restarted, or dies, in the middle of a crawl."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.newsroom import Newsroom, finish, wait_for_promises
from tests.servers.postgres import PostgresServer

AFTER = (4, 20)


@pytest.mark.parametrize("crash", [False, True], ids=["restart", "crash"])
def test_a_crawl_survives_a_restart_of_the_database(
    tmp_path: Path, own_postgres: PostgresServer, crash: bool
) -> None:
    """It waits, or it ends with status 3; what it promised is there."""
    url = own_postgres.make_database()
    environment = {"PRESSMARK_DATABASE_URL": url}
    with Newsroom(tmp_path / "room", environment=environment, index_url=url) as room:
        for after in AFTER:
            process = room.start()
            wait_for_promises(room, after)
            promised = len(room.acks)
            assert process.poll() is None, "the crawl ended before its database did"
            own_postgres.restart(crash=crash)
            status, errors = finish(process)
            print(f"{promised} promises before, {len(room.acks)} behind: {status} {errors}")
            assert status in (0, 3), errors
            room.check_crash()
            if status == 0:
                break  # the next one would find little that it does not have
        assert room.crawl()[0] == 0
        room.check()
