"""A new index takes the place of the old one, while others read and write that."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.errors import IndexDamaged, IndexUnavailable, NotArchived, SegmentUnknown
from archive.index import CaptureQuery, Counts, Index, SearchQuery, fulltext
from archive.index.export import export
from archive.index.known import KnownSegments, numbered_captures
from archive.index.replacement import Replacement
from archive.index.schema import VERSION, segments
from archive.model import Capture
from tests.archive.index.samples import FILENAME, LATER_RUN, SEGMENT, capture, document
from tests.archive.index.test_database import WRITER, line_of, process
from tests.servers.postgres import PostgresServer

OTHER = replace(SEGMENT, filename="other-20261122093000123-k3m5p7r2t4.warc.gz")
HOST = CaptureQuery(url="https://example.org/", match="host")


def pages(count: int) -> list[Capture]:
    """In no order of keys or offsets."""
    return [
        capture(f"https://example.org/{n * 7919 % count}", offset=n * 104729 % count)
        for n in range(count)
    ]


def test_what_was_loaded_is_the_index_and_open_ones_go_on_with_it(index_url: str) -> None:
    with closing(Index(index_url)) as reader, closing(Index(index_url)) as writer:
        writer.add_segment(OTHER)
        writer.add_segment(SEGMENT)
        writer.commit([capture("https://example.org/old", offset=9999)])
        assert reader.find("https://example.org/old").offset == 9999
        captures = pages(3000)
        texts = [document(page, f"miner {page.offset}") for page in captures[:30]]
        with Replacement(index_url) as fresh:
            fresh.load(segments=[SEGMENT], captures=captures[:1000], done=["a"])
            fresh.load(captures=captures[1000:], documents=texts, done=["b", "c"])
            fresh.load(documents=[document(captures[0], "driver", LATER_RUN)])
            assert reader.count(HOST) == 1
            fresh.finish()
            fresh.load(captures=[capture("https://example.org/late", offset=5000)])
            with fresh.swap() as live:
                assert live is not None
                assert live.counts() == Counts(segments=2, captures=1, documents=0, unextracted=1)
        for index in (reader, writer):
            assert index.counts() == Counts(
                segments=1, captures=3001, documents=30, unextracted=2971
            )
            assert index.find("https://example.org/late").offset == 5000
            with pytest.raises(NotArchived):
                index.find("https://example.org/old")
        assert len(reader.documents.search(SearchQuery(words="miner", limit=99))) == 29
        # The number of the segment is another one now.
        writer.commit([capture("https://example.org/new", offset=6000)])
        assert [c.offset for c in reader.captures_of(FILENAME)] == [*range(3000), 5000, 6000]
        assert reader.documents.of(captures[0]) == document(captures[0], "driver", LATER_RUN)
        with closing(Index(index_url)) as opened:
            assert list(export(opened)) == list(export(reader))


def test_loaded_or_committed_the_index_is_the_same(index_url: str, tmp_path: Path) -> None:
    captures = pages(50)
    texts = [document(page, f"miner {page.offset}") for page in captures]
    with closing(Index(f"sqlite:///{tmp_path}/committed.db")) as committed:
        committed.add_segment(SEGMENT)
        committed.commit(captures, texts)
        expected = list(export(committed))
    with Replacement(index_url) as fresh:
        fresh.load(segments=[SEGMENT], captures=captures, documents=texts)
        with fresh.swap() as live:
            assert live is None
    with closing(Index(index_url)) as index:
        assert list(export(index)) == expected


def test_it_goes_on_where_a_process_ended(index_url: str) -> None:
    captures = pages(100)
    with Replacement(index_url) as fresh:
        fresh.load(segments=[SEGMENT], captures=captures[:50], done=["a"])
        fresh.load(captures=captures[50:60])  # and killed before it was noted
    with Replacement(index_url) as fresh:
        assert fresh.done == {"a"}
        fresh.load(captures=captures[50:], done=["a", "b"])
        fresh.finish()
    with Replacement(index_url) as fresh:
        assert fresh.done == {"a", "b"}
        assert fresh.index.count(HOST) == 100
        fresh.load(captures=[capture("https://example.org/late", offset=5000)], done=["c"])
        with fresh.swap():
            pass
    with closing(Index(index_url)) as index:
        assert index.counts().captures == 101
    with Replacement(index_url) as fresh:
        assert fresh.done == set()
        assert fresh.index.counts() == Counts(segments=0, captures=0, documents=0, unextracted=0)


def test_a_killed_process_leaves_what_it_noted(index_url: str) -> None:
    code = """
import os, signal, sys
from archive.index.replacement import Replacement
from tests.archive.index.samples import SEGMENT
from tests.archive.index.test_replacement import pages
with Replacement(sys.argv[1]) as fresh:
    fresh.load(segments=[SEGMENT], captures=pages(100), done=["a"])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code, index_url], cwd=root, check=False)
    with Replacement(index_url) as fresh:
        assert fresh.done == {"a"}
        fresh.finish()
        assert fresh.index.count(HOST) == 100


def test_another_version_is_thrown_away(index_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        for module in ("database", "index", "replacement"):
            patch.setattr(f"archive.index.{module}.VERSION", VERSION + 1)
        with Replacement(index_url) as fresh:
            fresh.load(segments=[SEGMENT], captures=pages(10), done=["a"])
    with Replacement(index_url) as fresh:
        assert fresh.done == set()
        assert fresh.index.counts().segments == 0


def test_only_one_process_at_a_time(index_url: str) -> None:
    with Replacement(index_url), pytest.raises(IndexUnavailable, match="wait"):
        Replacement(index_url).__enter__()
    with Replacement(index_url):
        pass


def test_captures_need_their_segment(index_url: str) -> None:
    with Replacement(index_url) as fresh:
        with pytest.raises(SegmentUnknown):
            fresh.load(captures=pages(1), done=["a"])
        assert fresh.done == set()


def test_of_two_captures_at_one_place_one_is_kept(index_url: str) -> None:
    twice = [capture("https://example.org/a", offset=1), capture("https://example.org/b", offset=1)]
    with Replacement(index_url) as fresh:
        fresh.load(segments=[SEGMENT], captures=[*twice, *twice, capture(offset=2)])
        with fresh.swap():
            pass
    with closing(Index(index_url)) as index:
        assert [found.offset for found in index.captures_of(FILENAME)] == [1, 2]


def test_an_error_in_the_swap_leaves_the_live_one(index_url: str) -> None:
    with closing(Index(index_url)) as index:
        index.add_segment(SEGMENT)
        index.commit([capture()])
        with Replacement(index_url) as fresh:
            fresh.load(segments=[OTHER], done=["a"])
            with pytest.raises(RuntimeError), fresh.swap():
                raise RuntimeError
        index.commit([capture(offset=7)])
        assert index.counts() == Counts(segments=1, captures=2, documents=0, unextracted=2)
        with Replacement(index_url) as fresh:
            assert fresh.done == {"a"}


def test_writers_wait_for_the_swap_and_write_to_the_new_one(index_url: str) -> None:
    late = capture("https://example.org/late", offset=5000)
    with closing(Index(index_url)) as index:
        index.add_segment(SEGMENT)
        index.commit([capture()])
        thread = threading.Thread(target=index.commit, args=([late],))
        with Replacement(index_url) as fresh:
            fresh.load(segments=[OTHER, SEGMENT])
            with fresh.swap() as live:
                thread.start()
                thread.join(0.5)
                assert thread.is_alive()
                assert live is not None
                fresh.index.commit(list(live.captures_of(FILENAME)))
        thread.join()
        assert list(index.captures_of(FILENAME)) == [capture(), late]


def test_nothing_that_a_process_commits_meanwhile_is_lost(index_url: str) -> None:
    with process(WRITER, index_url) as writer:
        assert line_of(writer) == "0"
        for _ in range(4):
            with Replacement(index_url) as fresh, fresh.swap() as live:
                assert live is not None
                # In another order, so that segments have other numbers.
                fresh.load(segments=[OTHER, *live.segments()])
                fresh.index.commit(
                    list(live.captures_of(FILENAME)), list(live.documents.of_segment(FILENAME))
                )
            committed = int(line_of(writer))
        writer.kill()
        assert writer.stdout is not None
        last = max([committed, *map(int, writer.stdout.read().splitlines())])
    with closing(Index(index_url)) as index:
        offsets = [found.offset for found in index.captures_of(FILENAME)]
        assert offsets == list(range(len(offsets)))
        assert len(offsets) > last
        assert [found.offset for found in index.documents.of_segment(FILENAME)] == offsets


def test_walks_go_on_in_the_new_one(index_url: str) -> None:
    captures = pages(2500)
    with closing(Index(index_url)) as index:
        index.add_segment(SEGMENT)
        index.commit(captures, [document(page, "miner") for page in captures[:150]])
        walks: list[Iterator[Any]] = [
            index.captures(HOST),
            index.captures_of(FILENAME),
            index.documents.of_segment(FILENAME),
        ]
        found: list[list[Any]] = [[next(walk)] for walk in walks]
        with Replacement(index_url) as fresh:
            fresh.load(segments=[OTHER, SEGMENT], captures=captures,
                       documents=[document(page, "miner") for page in captures[:150]])  # fmt: skip
            with fresh.swap():
                pass
        for walk, already in zip(walks, found, strict=True):
            already.extend(walk)
        assert [len({one.offset for one in some}) for some in found] == [2500, 2500, 150]
        assert [len(some) for some in found] == [2500, 2500, 150]


def test_files_that_are_left(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/index.db"
    with closing(Index(url)) as index:
        for number in range(1, 4):
            index.add_segment(SEGMENT)
            with Replacement(url) as fresh:
                fresh.load(segments=[OTHER], captures=[])
                with fresh.swap():
                    pass
            assert index.counts().segments == 1
            assert (tmp_path / "index.db").readlink() == Path(f"index.db.{number}")
    assert {file.name for file in tmp_path.iterdir()} == {
        "index.db", "index.db.3", "index.db.lock",
    }  # fmt: skip


def test_whoever_has_just_opened_the_old_file_finds_all_in_it(tmp_path: Path) -> None:
    """Its log is gone with its name."""
    path = tmp_path / "index.db"
    url = f"sqlite:///{path}"
    with closing(Index(url)) as index:
        index.add_segment(SEGMENT)
        index.commit(pages(100))
        old = tmp_path / "old.db"
        old.hardlink_to(path)
        with Replacement(url) as fresh, fresh.swap():
            pass
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("SELECT count(*) FROM captures").fetchone() == (100,)


@pytest.mark.parametrize("content", [None, b"no database " * 1000, b""])
def test_an_index_that_is_missing_or_unreadable(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "index.db"
    if content is not None:
        path.write_bytes(content)
    with Replacement(f"sqlite:///{path}") as fresh:
        fresh.load(segments=[SEGMENT], captures=pages(10))
        with fresh.swap() as live:
            assert live is None
    with closing(Index(f"sqlite:///{path}")) as index:
        assert index.count(HOST) == 10


def test_an_index_of_another_version_is_replaced(index_url: str) -> None:
    with closing(Index(index_url)) as index, index._dialect.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE index_version SET version = 1")
    with Replacement(index_url) as fresh:
        fresh.load(segments=[SEGMENT])
        with fresh.swap() as live:
            assert live is None
    with closing(Index(index_url)) as index:
        assert index.counts().segments == 1


def test_a_link_of_ones_own_is_kept(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    path = tmp_path / "index.db"
    path.symlink_to("large/real.db")
    url = f"sqlite:///{path}"
    with closing(Index(url)) as index:
        index.add_segment(OTHER)
        with Replacement(url) as fresh:
            fresh.load(segments=[SEGMENT])
            with fresh.swap() as live:
                assert live is not None
        assert index.segments() == [SEGMENT]
    assert path.readlink() == Path("large/real.db")
    assert (tmp_path / "large/real.db").readlink() == Path("real.db.1")


def test_a_file_that_was_removed_while_it_was_open(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with closing(Index(f"sqlite:///{path}")) as index:
        index.add_segment(SEGMENT)
        path.unlink()
        with pytest.raises(IndexUnavailable, match=r"removed.*rebuild-index"):
            index.commit([capture()])
        with pytest.raises(IndexUnavailable, match=r"removed.*rebuild-index"):
            index.find(capture().url)
    assert not path.exists()


def test_a_damaged_unfinished_one_is_thrown_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/index.db"
    with Replacement(url) as fresh:
        fresh.load(segments=[SEGMENT], done=["a"])
    (tmp_path / "index.db.1").write_bytes(b"no database " * 1000)
    with Replacement(url) as fresh:
        assert fresh.done == set()


def test_schemas_that_are_left(postgres: PostgresServer, postgres_url: str) -> None:
    with closing(Index(postgres_url)) as index:
        index.add_segment(SEGMENT)
        for _ in range(3):
            with Replacement(postgres_url) as fresh, fresh.swap():
                pass
    with postgres.connect(postgres_url) as connection:
        found = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'press%'"
        ).fetchall()
    assert found == [("press_index",)]


def test_keys_of_a_loaded_file(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    with Replacement(f"sqlite:///{path}") as fresh, fresh.swap():
        pass
    with closing(sqlite3.connect(path)) as loaded:
        found = loaded.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    Index(f"sqlite:///{tmp_path}/plain.db").close()
    with closing(sqlite3.connect(tmp_path / "plain.db")) as plain:
        expected = plain.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()

    def words(rows: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
        return [(name, "".join((sql or "").replace('"', "").split())) for name, sql in rows]

    assert words(found) == words(expected)


def test_mark_of_a_partial_index_stays_until_it_is_replaced(index_url: str) -> None:
    with closing(Index(index_url)) as made, closing(Index(index_url)) as opened:
        assert (made.is_new, opened.is_new) == (True, False)
        assert not opened.is_partial()
        made.mark_partial()
        made.mark_partial()
        assert opened.is_partial()
        with Replacement(index_url) as fresh, fresh.swap():
            pass
        assert not made.is_partial()
        assert not opened.is_partial()


def test_collection_of_an_index_is_noted_until_it_is_replaced(index_url: str) -> None:
    with closing(Index(index_url)) as made, closing(Index(index_url)) as opened:
        assert made.collection() is None
        for digest in ("one", None, "two"):
            made.mark_collection(digest)
            assert opened.collection() == digest
        with Replacement(index_url) as fresh:
            fresh.index.mark_collection("three")
            with fresh.swap():
                pass
        assert made.collection() == opened.collection() == "three"


def test_numbers_of_segments_are_those_of_the_index_that_is_asked(index_url: str) -> None:
    first, other = capture("https://example.org/a"), capture("https://example.org/b")
    other = replace(other, filename=OTHER.filename)
    with closing(Index(index_url)) as index:
        index.add_segment(SEGMENT)
        index.commit([first])
        assert list(index.captures(HOST)) == [first]
        rows = index._database.tuples(numbered_captures, {})

        def replaced(*statement: Any) -> Any:
            with Replacement(index_url) as fresh:
                fresh.load(segments=[OTHER], captures=[other])
                fresh.load(segments=[SEGMENT], captures=[first])
                with fresh.swap():
                    pass
            return index._database.rows(*statement)

        # In between the rows and the names of their segments.
        assert KnownSegments(replaced).of(rows) is None
        assert list(index.captures(HOST)) == [first, other]


def test_captures_of_no_segment_are_damage(index: Index) -> None:
    index.commit([capture()])
    index._database.write(lambda connection: connection.execute(segments.delete()))
    with pytest.raises(IndexDamaged, match="rebuild-index"):
        list(index.captures(HOST))


@pytest.mark.parametrize(
    ("first", "second"), [([0, 1, 2], [2, 1, 0]), ([2, 1, 0], [0])], ids=["others", "fewer"]
)
def test_search_shows_the_documents_that_it_ranked(
    index_url: str, monkeypatch: pytest.MonkeyPatch, first: list[int], second: list[int]
) -> None:
    captures = [capture(f"https://example.org/{n}", offset=n) for n in range(3)]
    texts = [document(captures[0], "miner"), *(document(page, "gold") for page in captures[1:])]
    with closing(Index(index_url)) as index:
        index.add_segment(SEGMENT)
        index.commit(captures, [texts[n] for n in first])
        best = fulltext._best
        replaced: list[int] = []

        def ranked(*arguments: Any) -> Any:
            found = best(*arguments)
            if not replaced:
                # In between the ranking and the texts. Each document has another number then.
                with Replacement(index_url) as fresh:
                    again = [texts[n] for n in second]
                    fresh.load(segments=[SEGMENT], captures=captures, documents=again)
                    with fresh.swap():
                        pass
            replaced.append(len(found))
            return found

        monkeypatch.setattr(fulltext, "_best", ranked)
        assert [hit.url for hit in index.documents.search(SearchQuery(words="miner"))] == [
            captures[0].url
        ]
    assert set(replaced) == {1}
