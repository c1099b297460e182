"""What index and state know of their databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive.databases import sqlite_code


def test_extended_codes_count_as_their_primary_ones(tmp_path: Path) -> None:
    def connect() -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None))

    with connect() as one, connect() as other:
        one.execute("PRAGMA journal_mode=WAL")
        one.execute("CREATE TABLE t (n INTEGER)")
        one.execute("BEGIN")
        one.execute("SELECT * FROM t").fetchall()
        other.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.OperationalError) as found:
            one.execute("INSERT INTO t VALUES (2)")
    assert found.value.sqlite_errorname == "SQLITE_BUSY_SNAPSHOT"
    assert sqlite_code(found.value) == "SQLITE_BUSY"
    assert sqlite_code(ValueError("of something else")) == ""
