"""The state database: made, migrated, shared, refused; on SQLite and on PostgreSQL."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text

from archive.errors import StateFailure
from archive.state import State, migrating
from archive.state.schema import HEAD, metadata, store_capabilities
from tests.failing import raising

ROW = {
    "endpoint": "https://s3.example.org", "bucket": "press", "create_only": True,
    "ranged_reads": False, "notes_digests": True, "checks_arrivals": True,
    "probed": "20261122093000",
}  # fmt: skip


def rows(url: str) -> list[dict[str, object]]:
    state = State(url)
    with state.reading() as connection:
        found = [dict(row) for row in connection.execute(select(store_capabilities)).mappings()]
    state.close()
    return found


def change(url: str, statement: str) -> None:
    state = State(url)
    with state.writing() as connection:
        connection.execute(text(statement))
    state.close()


def test_new_database_has_every_table(state_url: str) -> None:
    state = State(state_url)
    with state.reading() as connection:
        assert migrating.revision_of(connection) == HEAD
        assert set(migrating.tables_of(connection)) == set(metadata.tables)
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    state.close()


def test_newest_migration_is_the_one_that_the_tables_stand_for() -> None:
    assert migrating.known_revisions()[-1] == HEAD


def test_what_is_written_stays(state_url: str) -> None:
    state = State(state_url)
    with state.writing() as connection:
        connection.execute(insert(store_capabilities), ROW)
    state.close()
    assert rows(state_url) == [ROW]


def test_exception_undoes_what_was_written(state_url: str) -> None:
    state = State(state_url)

    def fail() -> None:
        with state.writing() as connection:
            connection.execute(insert(store_capabilities), ROW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    state.close()
    assert rows(state_url) == []


def test_reader_sees_one_moment(state_url: str) -> None:
    state, other = State(state_url), State(state_url)
    with state.reading() as connection:
        assert connection.execute(select(store_capabilities)).all() == []
        with other.writing() as writer:
            writer.execute(insert(store_capabilities), ROW)
        assert connection.execute(select(store_capabilities)).all() == []
    state.close()
    other.close()
    assert rows(state_url) == [ROW]


def test_several_open_a_new_one_at_once(state_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for state in pool.map(lambda _: State(state_url), range(4)):
            state.close()
    assert rows(state_url) == []


def make_older(url: str) -> None:
    """A state with a row, as the first revision left it."""
    state = State(url)
    with state.writing() as connection:
        connection.execute(insert(store_capabilities), ROW)
        for table in reversed(metadata.sorted_tables):
            if table is not store_capabilities:
                table.drop(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    state.close()


def test_older_database_is_brought_forward(state_url: str) -> None:
    make_older(state_url)
    state = State(state_url)
    with state.reading() as connection:
        assert migrating.revision_of(connection) == HEAD
        assert set(migrating.tables_of(connection)) == set(metadata.tables)
    state.close()
    assert rows(state_url) == [ROW]


def test_newer_database_is_refused_and_left_alone(state_url: str) -> None:
    change(state_url, "UPDATE alembic_version SET version_num = '9999'")
    for _ in range(2):
        with pytest.raises(StateFailure, match=r"revision 9999.*use the Pressmark that wrote it"):
            State(state_url)


def test_failed_migration_leaves_nothing(state_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables and the revision are changed in one transaction."""

    make_older(state_url)
    with monkeypatch.context() as patch:
        # Where the migrations are over and the transaction is not.
        patch.setattr("sqlalchemy.engine.base.RootTransaction.commit", raising(ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            State(state_url)
    assert rows(state_url) == [ROW]


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://host/db",
        "sqlite://",
        "postgresql://user:geheim@host",
        "postgresql://user:geheim@host:bad/db",
    ],
)
def test_url_of_no_database(url: str) -> None:
    with pytest.raises(StateFailure, match=r"correct it|cannot hold the state") as error:
        State(url)
    assert "geheim" not in str(error.value)


def test_database_that_is_away() -> None:
    with pytest.raises(StateFailure, match="check that the database runs") as error:
        State("postgresql://user:geheim@127.0.0.1:9/nothing")
    assert "geheim" not in str(error.value)


def test_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"something else" * 100)
    with pytest.raises(StateFailure, match="state restore"):
        State(f"sqlite:///{tmp_path}/state.db")


def test_database_of_something_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("CREATE TABLE recipes (id)")
    connection.close()
    with pytest.raises(StateFailure, match="something else"):
        State(f"sqlite:///{tmp_path}/state.db")


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(StateFailure, match="correct `home`"):
        State(f"sqlite:///{tmp_path}/home/deep/state.db")


def test_locked_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    monkeypatch.setattr("archive.state.database._BUSY_SECONDS", 0.05)
    state = State(url)
    holder = sqlite3.connect(tmp_path / "state.db")
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateFailure, match="locked by another"), state.writing():
        pass
    holder.close()
    state.close()


def test_locked_postgresql_is_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.state.database._BUSY_SECONDS", 0.05)
    state = State(postgres_url)
    with state.writing() as holder:
        state.lock(holder)
        with pytest.raises(StateFailure, match="locked by another"), state.writing() as other:
            state.lock(other)
    state.close()


def test_postgresql_commits_durably_whatever_the_server_is_set_to(postgres_url: str) -> None:
    state = State(postgres_url)
    with state.writing() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit TO off')
    state.close()
    state = State(postgres_url)
    with state.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW application_name").scalar() == "pressmark"
    state.close()


def test_folder_is_made(tmp_path: Path) -> None:
    State(f"sqlite:///{tmp_path}/a/b/state.db").close()
    assert stat.S_ISREG((tmp_path / "a/b/state.db").stat().st_mode)
