"""The index on a PostgreSQL server: what only a server has."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import make_url

from archive.errors import IndexOutdated, IndexUnavailable
from archive.index import CaptureQuery, Index, SearchQuery, database
from archive.index.dialect.tsvector import tsquery, tsvector
from archive.index.words import parse
from tests.archive.index.samples import FILENAME, SEGMENT, capture, document
from tests.archive.index.test_database import WRITER, line_of, process
from tests.servers.postgres import PASSWORD, PostgresServer
from tests.waiting import until

HOST = CaptureQuery(url="https://example.org/", match="host")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    monkeypatch.setattr(database, "_READER_SECONDS", 0)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_both_spellings_of_the_url(postgres_url: str, scheme: str) -> None:
    url = f"{scheme}:{postgres_url.partition(':')[2]}"
    assert not Index.exists(url)
    with closing(Index(url)) as index:
        assert index.software.startswith("PostgreSQL 1")
    assert Index.exists(url)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("/press_", "/nowhere_"), "does not exist.*create the database"),
        (("pressmark:", "nobody:"), "authentication failed.*user and password"),
        (("word%401", "word%402"), "authentication failed.*user and password"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(
    postgres_url: str, change: tuple[str, str], words: str
) -> None:
    url = postgres_url.replace(*change)
    for ask in (Index, Index.exists):
        with pytest.raises(IndexUnavailable, match=words) as error:
            ask(url)
        assert PASSWORD not in str(error.value)
        assert "word%40" not in str(error.value)
        assert len(str(error.value).splitlines()) == 1


def test_a_server_that_is_not_there() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(IndexUnavailable, match="can be reached") as error:
            Index(f"postgresql://user:secret@127.0.0.1:{port}/pressmark")
    assert "secret" not in str(error.value)


def test_a_user_who_may_not_create_schemas(postgres: PostgresServer, postgres_url: str) -> None:
    with postgres.connect(postgres_url) as connection:
        connection.execute("DROP ROLE IF EXISTS reader")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    name = postgres_url.rpartition("/")[2]
    with pytest.raises(IndexUnavailable, match=r"permission denied.*GRANT CREATE"):
        Index(f"postgresql://reader:reader@127.0.0.1:{postgres.port}/{name}")


def test_another_version_is_to_be_rebuilt(postgres: PostgresServer, postgres_url: str) -> None:
    Index(postgres_url).close()
    with postgres.connect(postgres_url) as connection:
        connection.execute("UPDATE press_index.index_version SET version = version + 1")
    with pytest.raises(IndexOutdated, match="pressmark rebuild-index") as error:
        Index(postgres_url)
    assert PASSWORD not in str(error.value)


def test_other_schemas_are_left_alone(postgres: PostgresServer, postgres_url: str) -> None:
    with postgres.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE public.captures (name text)")
        connection.execute("INSERT INTO public.captures VALUES ('mine')")
        with closing(Index(postgres_url)) as index:
            index.add_segment(SEGMENT)
            index.commit([capture()])
        found = connection.execute("SELECT name FROM public.captures").fetchall()
    assert found == [("mine",)]


def test_another_encoding_is_refused(postgres: PostgresServer) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    url = postgres.url("latin")
    for look in (Index, Index.exists):
        with pytest.raises(IndexUnavailable, match=r"LATIN1.*ENCODING 'UTF8' TEMPLATE template0"):
            look(url)


def test_user_that_is_not_there(own_postgres: PostgresServer) -> None:
    """A server that asks for no password says so."""
    with own_postgres.connect() as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('COPY (SELECT ''host all all 127.0.0.1/32 trust'') TO %L',"
            " current_setting('hba_file')); PERFORM pg_reload_conf(); END $$"
        )
    url = f"postgresql://nobody@127.0.0.1:{own_postgres.port}/postgres"

    def refused() -> str:
        with pytest.raises(IndexUnavailable) as error:
            Index(url)
        return str(error.value)

    # The server reads its file again in its own time.
    message = until(lambda: found if "does not exist" in (found := refused()) else "")
    assert "make that user" in message
    assert "create the database" not in message


def test_keys_sort_bytewise_in_any_locale(postgres: PostgresServer) -> None:
    with postgres.connect() as connection:
        connection.execute(
            "CREATE DATABASE german TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            " LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"
        )
    with closing(Index(postgres.url("german"))) as index:
        index.add_segment(SEGMENT)
        paths = ["a-b", "ab", "a/b", "a_b", "a%20b", "b", "a", "a~"]
        index.commit([capture(f"https://example.org/{p}", offset=n) for n, p in enumerate(paths)])
        keys = [found.urlkey for found in index.captures(HOST)]
        assert keys == sorted(keys, key=str.encode)
        assert len(keys) == len(paths)
        prefix = CaptureQuery(url="https://example.org/a", match="prefix")
        assert index.count(prefix) == len(paths) - 1
        index.commit([], [document(capture(offset=1), "公司供应链中的工人", language="zh")])
        index.commit([], [document(capture(offset=2), "मज़दूरों के अधिकार", language="hi")])
        assert len(index.documents.search(SearchQuery(words="供应链"))) == 1
        assert len(index.documents.search(SearchQuery(words="मज़दूरों"))) == 1


def test_writers_in_each_others_way(index_url: str) -> None:
    """The same rows in opposite orders, which locks each other out."""
    pages = [capture(f"https://example.org/{n}", offset=n) for n in range(200)]
    texts = [document(page, f"miner {page.offset}", language="en") for page in pages]
    with closing(Index(index_url)) as one, closing(Index(index_url)) as two:
        one.add_segment(SEGMENT)
        errors: list[BaseException] = []

        def write(index: Index, step: int) -> None:
            try:
                for _ in range(5):
                    index.commit(pages[::step], texts[::step])
            except BaseException as error:
                errors.append(error)
                raise

        threads = [
            threading.Thread(target=write, args=(index, step))
            for index, step in ((one, 1), (two, -1))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert one.counts().captures == one.counts().documents == 200
        assert len(one.documents.search(SearchQuery(words="miner", limit=500))) == 200


@pytest.mark.parametrize("crash", [False, True])
def test_a_server_that_is_restarted_is_waited_for(
    own_postgres: PostgresServer, crash: bool
) -> None:
    url = own_postgres.make_database()
    with process(WRITER, url) as writer, closing(Index(url)) as index:
        assert line_of(writer) == "0"
        for _ in range(2):
            own_postgres.restart(crash=crash)
            committed = int(line_of(writer))
            assert index.find(f"https://example.org/{committed}").offset == committed
            assert index.count(HOST) > committed
        # What was printed before the restarts has been read; what comes now came after them.
        later = index.count(HOST)
        while int(line_of(writer)) < later + 5:
            pass
        writer.kill()
        assert writer.stdout is not None
        last = max(map(int, writer.stdout.read().splitlines()), default=0)
        offsets = [found.offset for found in index.captures_of(FILENAME)]
        assert offsets == list(range(len(offsets)))
        assert len(offsets) > last


def test_a_place_among_too_many_connections_is_waited_for(postgres: PostgresServer) -> None:
    url = make_url(postgres.make_database())
    crowded = url.set(username="crowded", password="crowded")
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE crowded LOGIN PASSWORD 'crowded'")
        connection.execute(f'GRANT CREATE ON DATABASE "{url.database}" TO crowded'.encode())
        with closing(Index(crowded.render_as_string(hide_password=False))) as index:
            index.add_segment(SEGMENT)
            connection.execute("ALTER ROLE crowded CONNECTION LIMIT 0")
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE usename = 'crowded'"
            )
            with pytest.raises(IndexUnavailable, match=r"too many.*max_connections"):
                Index(crowded.render_as_string(hide_password=False))
            thread = threading.Thread(target=index.commit, args=([capture()],))
            thread.start()
            thread.join(0.5)
            assert thread.is_alive()
            connection.execute("ALTER ROLE crowded CONNECTION LIMIT -1")
            thread.join()
            assert index.find(capture().url) == capture()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_away(own_postgres: PostgresServer) -> None:
    with closing(Index(own_postgres.make_database())) as index:
        index.add_segment(SEGMENT)
        index.commit([capture()])
        own_postgres.stop()
        for ask in (
            lambda: index.commit([capture(offset=2)]),
            lambda: index.find(capture().url),
            lambda: index.count(HOST),
            lambda: index.documents.search(SearchQuery(words="miner")),
        ):
            with pytest.raises(IndexUnavailable, match="server"):
                ask()
        own_postgres.start()
        index.commit([capture(offset=2)])
        assert [found.offset for found in index.captures_of(FILENAME)] == [1000, 2][::-1]


def test_what_is_committed_survives_a_crash(own_postgres: PostgresServer) -> None:
    with closing(Index(own_postgres.make_database())) as index:
        index.add_segment(SEGMENT)
        index.commit([capture()], [document(capture(), "miner")])
        own_postgres.restart(crash=True)
        assert index.find(capture().url) == capture()
        assert len(index.documents.search(SearchQuery(words="miner"))) == 1
        with index._dialect.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_documents_beyond_what_a_tsvector_holds(postgres_url: str) -> None:
    many = " ".join(f"w{number}" for number in range(300_000))
    often = "strike " * 100_000
    long = "x" * 3000
    with closing(Index(postgres_url)) as index:
        index.add_segment(SEGMENT)
        pages = [capture(f"https://example.org/{n}", offset=n) for n in range(3)]
        texts = zip(pages, (many, often, long), strict=True)
        index.commit(pages, [document(page, text, language=None) for page, text in texts])

        def found(words: str) -> list[str]:
            return [hit.url[-1] for hit in index.documents.search(SearchQuery(words=words))]

        assert found("w1 w20000") == ["0"]
        assert found("w7-w8") == ["0"]
        assert found("strike") == ["1"]
        assert found(long) == ["2"]


def test_literals(postgres: PostgresServer) -> None:
    row = {"title": "a b", "text": "b c", "authors": "", "accented": "d"}
    vector, query = tsvector(row), tsquery(parse("a-b c", [""]))
    with postgres.connect() as connection:
        statement = "SELECT %s::tsvector::text, %s::tsvector @@ %s::tsquery"
        found = connection.execute(statement, [vector, vector, query]).fetchone()
        assert found == ("'a':1A 'b':2A,4B 'c':5B 'd':8", True)
        across = connection.execute(statement, [vector, vector, "'b' <-> 'b'"]).fetchone()
        assert across is not None
        assert across[1] is False


def test_the_server_of_the_tests_takes_no_one_without_a_password(postgres: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=postgres.port, user="pressmark", dbname="postgres")
