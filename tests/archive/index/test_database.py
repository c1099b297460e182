"""The database under the index: many processes, sudden ends, and what can be wrong with a file."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from heapq import heappush
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.errors import IndexOutdated, IndexUnavailable
from archive.index import CaptureQuery, Index, SearchQuery, database
from archive.index.dialect.base import BUSY_SECONDS
from archive.index.dialect.sqlite import Sqlite
from archive.index.schema import VERSION
from tests.archive.index.samples import FILENAME, SEGMENT, capture, document

ROOT = Path(__file__).resolve().parents[3]

WRITER = """
import sys
from archive.index import Index
from tests.archive.index.samples import SEGMENT, capture, document
index = Index(sys.argv[1])
index.add_segment(SEGMENT)
for number in range(100_000):
    page = capture(f"https://example.org/{number}", offset=number)
    index.commit([page], [document(page, f"miners {number}")])
    print(number, flush=True)
"""
READER = """
import sys
from archive.index import CaptureQuery, Index, SearchQuery
index = Index(sys.argv[1])
query = CaptureQuery(url="https://example.org/", match="host")
print(index.count(query), flush=True)
for line in sys.stdin:
    wanted = int(line)
    found = {capture.offset for capture in index.captures(query)}
    assert found >= set(range(wanted + 1)), (wanted, max(found))
    assert index.find(f"https://example.org/{wanted}").offset == wanted
    assert len(index.documents.search(SearchQuery(words=f"miners {wanted}"))) == 1
    print("seen", flush=True)
"""


@contextmanager
def process(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def line_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def ask(child: subprocess.Popen[str], question: str) -> str:
    assert child.stdin is not None
    child.stdin.write(f"{question}\n")
    child.stdin.flush()
    return line_of(child)


def test_processes_read_what_is_committed_while_one_writes(index_url: str) -> None:
    url = index_url
    with process(READER, url) as one, process(READER, url) as two, process(WRITER, url) as writer:
        for reader in (one, two):
            assert line_of(reader).isdigit()
        for _ in range(5):
            committed = line_of(writer)
            assert ask(one, committed) == "seen"
            assert ask(two, committed) == "seen"


def test_an_answer_that_never_came_is_no_reason_not_to_ask_again(
    sqlite_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network takes longer to give a silent server up than a writer waits for one."""
    now = [0.0]
    calls: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=lambda _: None)
    monkeypatch.setattr(database, "time", clock)

    def work(_: object) -> None:
        calls.append(now[0])
        if len(calls) == 1:
            now[0] += 10 * BUSY_SECONDS
            raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(Sqlite, "passing", lambda *_: True)
    sqlite_index._database.write(work)
    assert calls == [0.0, 10 * BUSY_SECONDS]


def test_a_killed_process_loses_nothing_that_it_committed(index_url: str) -> None:
    url = index_url
    with process(WRITER, url) as writer:
        while int(line_of(writer)) < 30:
            pass
        writer.send_signal(signal.SIGKILL)
        assert writer.stdout is not None
        acknowledged = [30, *map(int, writer.stdout.read().splitlines())]
    with closing(Index(url)) as index:
        offsets = [found.offset for found in index.captures_of(FILENAME)]
        assert offsets == list(range(len(offsets)))
        assert len(offsets) > acknowledged[-1]
        assert index.counts().documents == len(offsets)  # a commit is there whole or not at all
        query = SearchQuery(words="miners", limit=len(offsets) + 1)
        assert len(index.documents.search(query)) == len(offsets)


def test_threads_read_and_write_at_once(index: Index) -> None:
    errors: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(20):
                page = capture(f"https://example.org/{thread}", offset=thread * 100 + number)
                index.commit([page], [document(page, "the running miners", language="en")])
                assert index.find(page.url).offset == page.offset
                assert index.documents.search(SearchQuery(words="run miner"))
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert index.counts().captures == index.counts().documents == 80


def test_processes_may_make_the_same_index_at_once(index_url: str) -> None:
    url = index_url
    code = "import sys; from archive.index import Index; Index(sys.argv[1]).close()"
    children = [subprocess.Popen([sys.executable, "-c", code, url], cwd=ROOT) for _ in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]


def test_settings_of_the_file(sqlite_index: Index) -> None:
    with sqlite_index._dialect.engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA page_size").scalar() == 8192
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        ddl = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'captures'"
        ).scalar_one()
    assert ddl.rstrip().endswith("WITHOUT ROWID")


def test_it_is_kept_when_closed(index_url: str) -> None:
    url = index_url
    with closing(Index(url)) as index:
        index.add_segment(SEGMENT)
        index.commit([capture()])
    with closing(Index(url)) as index:
        assert index.find(capture().url) == capture()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1])
def test_another_version_is_to_be_rebuilt(tmp_path: Path, version: int) -> None:
    path = tmp_path / "index.db"
    Index(f"sqlite:///{path}").close()
    change(path, f"UPDATE index_version SET version = {version}")
    with pytest.raises(IndexOutdated, match="pressmark rebuild-index") as error:
        Index(f"sqlite:///{path}")
    assert str(path) in str(error.value)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE accounts (name TEXT)")
    with pytest.raises(IndexUnavailable, match="something else"):
        Index(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("accounts",)]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(IndexUnavailable, match=r"damaged .*rebuild-index") as error:
        Index(f"sqlite:///{path}")
    assert str(path) in str(error.value)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    url = f"sqlite:///{path}"
    with closing(Index(url)) as index:
        index.add_segment(SEGMENT)
        index.commit([capture(f"https://example.org/{n}", offset=n) for n in range(1000)])
    data = bytearray(path.read_bytes())
    for page in range(3 * 8192, len(data), 8192):
        data[page : page + 200] = b"\xa5" * 200
    path.write_bytes(data)
    with (
        pytest.raises(IndexUnavailable, match=r"damaged .*rebuild-index"),
        closing(Index(url)) as index,
    ):
        list(index.captures(CaptureQuery(url="https://example.org/", match="host")))


@pytest.mark.parametrize("path", ["/proc/index.db", "/proc/folder/index.db", "/dev/null/index.db"])
def test_a_folder_that_cannot_be_written(path: str) -> None:
    with pytest.raises(IndexUnavailable, match="permissions"):
        Index(f"sqlite:///{path}")


def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    """A read-only file system, as SQLite reports it; root is not held back by permissions."""
    path = tmp_path / "index.db"
    Index(f"sqlite:///{path}").close()
    with closing(Index(f"sqlite:///{path}")) as index:
        with index._dialect.engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA query_only=1")
        with pytest.raises(IndexUnavailable, match=r"opened for writing.*permissions"):
            index.add_segment(SEGMENT)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "index.db",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql//a:secret@host/b",
        "postgresql://a:secret@host:port/b",
        "postgresql://a:secret@host",
        "postgresql+asyncpg://a:secret@host/b",
        "mysql://a:secret@host/b",
    ],
)
def test_urls_that_name_no_database_for_it(url: str) -> None:
    with pytest.raises(IndexUnavailable) as error:
        Index(url)
    assert "secret" not in str(error.value)


def test_locked_for_too_long(
    sqlite_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = sqlite_index
    monkeypatch.setattr(Sqlite, "busy_seconds", 0)
    path = tmp_path / "folder/index.db"
    with closing(Index(f"sqlite:///{path}")) as impatient:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(IndexUnavailable, match="locked") as error:
                impatient.commit([capture()])
            assert str(path) in str(error.value)
            assert impatient.counts().captures == 0  # reading goes on
        impatient.commit([capture()])
    assert index.find(capture().url) == capture()


def test_a_full_disk_keeps_what_was_committed(sqlite_index: Index) -> None:
    index = sqlite_index
    index.commit([capture()])
    with index._dialect.engine.begin() as connection:
        # SQLite answers as on a full disk when a database reaches its permitted size.
        connection.exec_driver_sql("PRAGMA max_page_count=1")
    with pytest.raises(IndexUnavailable, match="is full"):
        index.commit([capture(f"https://example.org/{n}", offset=n) for n in range(10_000)])
    with index._dialect.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert index.counts().captures == 1
    index.commit([capture("https://example.org/2", offset=2)])
    assert index.counts().captures == 2


def test_a_file_too_large_for_the_system(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from archive.errors import IndexUnavailable
from archive.index import Index
from tests.archive.index.samples import SEGMENT, capture
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
index = Index(sys.argv[1])
index.add_segment(SEGMENT)
index.commit([capture()])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    index.commit([capture(f"https://example.org/{n}", offset=n) for n in range(10_000)])
except IndexUnavailable as error:
    print(error)
"""
    path = tmp_path / "index.db"
    done = subprocess.run(
        [sys.executable, "-c", code, f"sqlite:///{path}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(path) in done.stdout
    with closing(Index(f"sqlite:///{path}")) as index:
        assert index.counts().captures == 1


def test_errors_are_ours_and_no_oserror(index: Index) -> None:
    with index._dialect.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE documents")
    with pytest.raises(IndexUnavailable, match="documents") as error:
        index.counts()
    assert not isinstance(error.value, OSError)
    assert index._dialect.name in str(error.value)


def test_one_cache_is_warm_and_not_each(sqlite_index: Index) -> None:
    """A thread that asks beside another now and then leaves it its connection."""
    dialect = sqlite_index._dialect
    assert isinstance(dialect, Sqlite)
    first = dialect._take()
    for _ in range(3):
        dialect.ask("SELECT 1", ())  # by another connection
        heappush(dialect._idle, (first.number, first))
        assert dialect._take() is first
    assert len(dialect._idle) == 1
    heappush(dialect._idle, (first.number, first))
