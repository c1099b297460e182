"""A rebuilt index is the live one, line by line, whatever goes on beside."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

from archive.appending import OPEN
from archive.errors import FilesMissing, IndexUnavailable
from archive.index import Index, database
from archive.index.export import export
from archive.model import Article, Capture, Segment
from archive.names import key_of, new_name, segment_of, sibling
from archive.rebuild import catching_up, rebuild
from archive.store.base import StoredObject
from archive.store.local import LocalStore
from archive.timestamps import now
from tests.exchanges import exchange, page
from tests.keeping import Place, place
from tests.servers.postgres import PostgresServer

ARTICLE = Article(title="T", text="One paragraph.", quality="thin", extraction_status="ok")


async def keep(here: Place, count: int, *, source: str = "ondemand") -> list[Capture]:
    """Captures, the first of which has a document."""
    captures: list[Capture] = []
    for number in range(count):
        url = f"https://example.org/{source}/{number}"
        captures += await here.writer.keep(source, [exchange(url, page(url), source=source)])
    await here.writer.add(captures[0], ARTICLE)
    return captures


def url_of(home: Path) -> str:
    """The index of a `place` in that home."""
    return f"sqlite:///{home}/index.db"


def lines(home: Path) -> list[str]:
    """Everything in the index, and that something is."""
    with closing(Index(url_of(home))) as index:
        found = list(export(index))
    assert found
    return found


def again(home: Path, *, forget_missing: bool = False) -> list[str]:
    """Rebuild the index of a home; what could not be read."""
    store = LocalStore(home / "collection")
    return rebuild(store, url_of(home), home=home, forget_missing=forget_missing)


def lose_index(home: Path) -> None:
    """Remove all its files."""
    for path in home.glob("index.db*"):
        path.unlink()


def spooled(home: Path, count: int, *, sealed: bool = True) -> list[str]:
    """What the index says of captures that a dead process has left in its spool."""

    async def main() -> None:
        async with place(home) as here:
            await keep(here, count)
            if sealed:
                await asyncio.to_thread(here.uploader.close)
                await here.writer.seal()

    asyncio.run(main())
    assert not list(LocalStore(home / "collection").list(""))
    return lines(home)


def store_file(home: Path, *paths: Path) -> None:
    """Move files of the spool into the store, without a word to the index."""
    for path in paths:
        LocalStore(home / "collection").put_new(key_of(path.name), path)
        path.unlink()


@pytest.fixture
def stored(tmp_path: Path) -> list[str]:
    """What the index of `tmp_path` says of two stored segments with a document each."""

    async def main() -> None:
        async with place(tmp_path) as here:
            for source in ("one", "two"):
                await keep(here, 3, source=source)
                await here.writer.seal()
            assert await here.drain()

    asyncio.run(main())
    found = lines(tmp_path)
    assert [line.split()[0] for line in found] == 2 * ["segment", *3 * ["capture"], "document"]
    return found


@pytest.mark.parametrize("index", ["live", "lost", "garbage", "empty"])
def test_index_is_made_again_whatever_it_was(tmp_path: Path, stored: list[str], index: str) -> None:
    if index != "live":
        lose_index(tmp_path)
    if index == "garbage":
        (tmp_path / "index.db").write_bytes(b"no database" * 1000)
    if index == "empty":
        Index(url_of(tmp_path)).close()
    assert again(tmp_path) == []
    assert lines(tmp_path) == stored
    assert again(tmp_path) == []
    assert lines(tmp_path) == stored


def only(home: Path, pattern: str) -> Path:
    """The one file of that pattern in a spool."""
    (path,) = (home / "spool").glob(f"*/{pattern}")
    return path


def test_segment_that_is_written_to_stays_as_it_is(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            await keep(here, 3)
            before = lines(tmp_path)
            assert '"spooled"' in before[0]
            assert await asyncio.to_thread(again, tmp_path) == []
            assert lines(tmp_path) == before
            await keep(here, 2)
            await here.writer.seal()
            assert await here.drain()

    asyncio.run(main())
    live = lines(tmp_path)
    assert sum(line.startswith("capture ") for line in live) == 5
    assert again(tmp_path) == []
    assert lines(tmp_path) == live


def test_what_was_not_acknowledged_is_not_entered_while_its_process_lives(tmp_path: Path) -> None:
    """It may be taken back yet."""

    async def main() -> None:
        async with place(tmp_path) as here:
            await keep(here, 2)
            before = lines(tmp_path)
            path = only(tmp_path, f"*.warc.gz{OPEN}")
            whole = path.read_bytes()
            # A group of which nobody has been told.
            path.write_bytes(whole + whole[-(len(whole) // 2) :])
            assert await asyncio.to_thread(again, tmp_path) == []
            assert lines(tmp_path) == before

    asyncio.run(main())


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("index", ["live", "lost"])
def test_spool_of_a_dead_process_is_read(tmp_path: Path, index: str, sealed: bool) -> None:
    before = spooled(tmp_path, 3, sealed=sealed)
    if not sealed:
        with only(tmp_path, f"*.warc.gz{OPEN}").open("ab") as file:
            file.write(b"\x1f\x8b\x08 the beginning of a member")
    if index == "lost":
        lose_index(tmp_path)
    assert again(tmp_path) == []
    assert lines(tmp_path) == before


def test_sealed_file_without_its_side_files_is_read_itself(tmp_path: Path) -> None:
    before = spooled(tmp_path, 3)
    for path in (tmp_path / "spool").glob("*/*"):
        if path.name.endswith((".cdxj.gz", ".jsonl")):
            path.unlink()
    lose_index(tmp_path)
    assert again(tmp_path) == []
    assert lines(tmp_path) == before


def test_spooled_rows_of_other_machines_are_carried_over(tmp_path: Path, stored: list[str]) -> None:
    index = Index(url_of(tmp_path))
    (name, *_) = [segment.filename for segment in index.segments()]
    filename = f"{new_name('far')}.warc.gz"
    captures = [replace(one, filename=filename) for one in index.captures_of(name)]
    documents = [replace(one, filename=filename) for one in index.documents.of_segment(name)]
    index.add_segment(
        Segment(filename=filename, source="far", state="spooled", node="elsewhere", path="/spool/1")
    )
    index.commit(captures, documents)
    index.close()
    before = lines(tmp_path)
    assert len(before) == len(stored) + 5
    assert again(tmp_path) == []
    assert lines(tmp_path) == before


def test_spooled_rows_of_other_machines_are_named_where_the_index_is_outdated(
    tmp_path: Path, index_url: str
) -> None:
    filename = f"{new_name('far')}.warc.gz"
    index = Index(index_url)
    index.add_segment(
        Segment(filename=filename, source="far", state="spooled", node="elsewhere", path="/spool/1")
    )
    with index._dialect.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE index_version SET version = 1")
    index.close()
    (said,) = rebuild(LocalStore(tmp_path / "collection"), index_url, home=tmp_path)
    assert said.startswith(f"{filename}: ")
    assert "elsewhere" in said
    assert rebuild(LocalStore(tmp_path / "collection"), index_url, home=tmp_path) == []


@pytest.mark.parametrize("connections", range(1, 6))
def test_server_that_takes_no_more_connections_has_an_index_all_the_same(
    tmp_path: Path,
    postgres: PostgresServer,
    connections: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What other machines have spooled is in it, and nowhere else that can be read."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    monkeypatch.setattr(database, "_READER_SECONDS", 0)
    url = make_url(postgres.make_database())
    role = f"few{connections}"
    filename = f"{new_name('far')}.warc.gz"
    segment = Segment(
        filename=filename, source="far", state="spooled", node="elsewhere", path="/spool/1"
    )
    few = url.set(username=role, password=role).render_as_string(hide_password=False)
    with postgres.connect() as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}'".encode())
        connection.execute(f'GRANT CREATE ON DATABASE "{url.database}" TO {role}'.encode())
        with closing(Index(few)) as index:
            index.add_segment(segment)
        connection.execute(f"ALTER ROLE {role} CONNECTION LIMIT {connections}".encode())
        with suppress(IndexUnavailable):
            assert rebuild(LocalStore(tmp_path / "collection"), few, home=tmp_path) == []
        connection.execute(f"ALTER ROLE {role} CONNECTION LIMIT -1".encode())
    with closing(Index(few)) as index:
        assert index.segments() == [segment]


def test_spooled_rows_whose_file_is_gone_are_named(tmp_path: Path, stored: list[str]) -> None:
    index = Index(url_of(tmp_path))
    filename = f"{new_name('gone')}.warc.gz"
    path = str(tmp_path / "spool" / "1-x")
    node = socket.gethostname()
    index.add_segment(
        Segment(filename=filename, source="gone", state="spooled", node=node, path=path)
    )
    index.close()
    (said,) = again(tmp_path)
    assert said.startswith(f"{filename}: ")
    assert path in said
    assert lines(tmp_path) == stored


def test_upload_under_way_is_not_taken_for_stored(tmp_path: Path) -> None:
    """Until its manifest is there `archive` must not say that it is kept."""
    store = LocalStore(tmp_path / "collection")

    async def main() -> None:
        async with place(tmp_path) as here:
            await keep(here, 2)
            await asyncio.to_thread(here.uploader.close)
            await here.writer.seal()
            before = lines(tmp_path)
            path = only(tmp_path, "*.warc.gz")
            for sealed in (path, path.with_name(sibling(path.name, "cdxj.gz"))):
                store.put_new(key_of(sealed.name), sealed)
            assert await asyncio.to_thread(again, tmp_path) == []
            assert lines(tmp_path) == before
            assert here.collection.index.segment(path.name).state == "spooled"

    asyncio.run(main())


class Uploading(LocalStore):
    """A store into which something comes while it is listed, behind what was listed."""

    def __init__(self, folder: Path, come: Callable[[], None]) -> None:
        super().__init__(folder)
        self._come: Callable[[], None] | None = come

    def list(self, prefix: str, start_after: str = "") -> Iterator[StoredObject]:
        """Once."""
        yield from super().list(prefix, start_after)
        if prefix == "text/" and self._come is not None:
            self._come()
            self._come = None


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=30)], ids=["new", "old"])
def test_text_whose_upload_ends_while_the_store_is_listed_is_not_lost(
    tmp_path: Path, age: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled(tmp_path, 2)
    warc = only(tmp_path, "*.warc.gz")
    others = [warc.with_name(sibling(warc.name, ending)) for ending in ("cdxj.gz", "jsonl")]
    store_file(tmp_path, warc, *others)
    with closing(Index(url_of(tmp_path))) as index:
        index.mark_stored(warc.name)
    before = lines(tmp_path)
    text = only(tmp_path, "*.jsonl.gz")
    LocalStore(tmp_path / "collection").put_new(key_of(text.name), text)

    def come() -> None:
        store_file(tmp_path, text, text.with_name(sibling(text.name, "jsonl")))

    monkeypatch.setattr(catching_up, "now", lambda: now() + age)
    slow = Uploading(tmp_path / "collection", come)
    assert rebuild(slow, url_of(tmp_path), home=tmp_path) == []
    assert lines(tmp_path) == before


@pytest.mark.parametrize("index", ["live", "lost"])
def test_text_that_was_stored_before_its_segment_is_not_lost(tmp_path: Path, index: str) -> None:
    """A store that fails on the one takes the other all the same."""
    before = spooled(tmp_path, 2)
    text = only(tmp_path, "*.jsonl.gz")
    store_file(tmp_path, text, text.with_name(sibling(text.name, "jsonl")))
    if index == "lost":
        lose_index(tmp_path)
    assert again(tmp_path) == []
    assert lines(tmp_path) == before


def stall(home: Path, objects: int) -> None:
    """Kill a process that rebuilds when it has loaded so many objects."""
    arguments = [str(home), url_of(home), str(objects)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.archive.rebuild.stalling", *arguments],
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < objects:
            pass
        with pytest.raises(IndexUnavailable, match="another process"):
            again(home)
        process.kill()


class Counting(LocalStore):
    """A store that notes what was read of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.read_keys: set[str] = set()

    def get(self, key: str) -> bytes:
        self.read_keys.add(key)
        return super().get(key)

    def stream(self, key: str) -> Iterator[bytes]:
        self.read_keys.add(key)
        return super().stream(key)


def test_rebuild_that_was_killed_goes_on_where_it_was(tmp_path: Path, stored: list[str]) -> None:
    # A WARC, its text and the next WARC: the last is given when the one behind it is asked for.
    stall(tmp_path, 3)
    assert lines(tmp_path) == stored
    store = Counting(tmp_path / "collection")
    assert rebuild(store, url_of(tmp_path), home=tmp_path) == []
    assert lines(tmp_path) == stored
    read = {key.partition("/")[0] for key in store.read_keys}
    assert read == {"collection.json", "text", "manifests"}
    assert len(store.read_keys) == 3
    # The next one begins from the beginning.
    store.read_keys.clear()
    assert rebuild(store, url_of(tmp_path), home=tmp_path) == []
    assert len(store.read_keys) == 9


def test_what_was_loaded_of_objects_that_are_gone_is_thrown_away(
    tmp_path: Path, stored: list[str]
) -> None:
    stall(tmp_path, 3)
    (gone, _) = sorted(path for path in (tmp_path / "collection").rglob("*.warc.gz"))
    for path in (tmp_path / "collection").rglob(f"{gone.name.partition('.')[0]}*"):
        path.unlink()
    with pytest.raises(FilesMissing, match="lacks 1 of 2 files"):
        again(tmp_path)
    (said,) = again(tmp_path, forget_missing=True)
    assert said.startswith(f"{gone.name}: ")
    assert lines(tmp_path) == [line for line in stored if gone.name not in line]


@pytest.mark.parametrize("moved", ["all", "a segment"])
def test_index_is_not_replaced_where_the_store_lacks_what_it_names(
    tmp_path: Path, stored: list[str], moved: str
) -> None:
    """A disk that is not mounted."""
    folder = tmp_path / "collection"
    path = folder if moved == "all" else next(folder.rglob("*.warc.gz"))
    path.rename(tmp_path / "away")
    files = {file.name for file in tmp_path.iterdir()}
    number = 2 if moved == "all" else 1
    with pytest.raises(FilesMissing, match=f"lacks {number} of 2 files that the index calls"):
        again(tmp_path)
    assert lines(tmp_path) == stored
    assert {file.name for file in tmp_path.iterdir()} == files
    (tmp_path / "away").rename(path)
    assert again(tmp_path) == []
    assert lines(tmp_path) == stored


def test_pages_whose_text_is_gone_are_listed_as_unextracted(
    tmp_path: Path, stored: list[str]
) -> None:
    (text, _) = sorted((tmp_path / "collection" / "text").rglob("*.jsonl.gz"))
    text.unlink()
    assert len(again(tmp_path)) == 1
    segment = segment_of(text.name)
    index = Index(url_of(tmp_path))
    assert segment in [found.filename for found in index.documents.unextracted_segments()]
    captures = list(index.captures_of(segment))
    assert list(index.documents.unextracted(segment)) == captures
    assert len(captures) == 3
    index.close()
    assert any(line.startswith("document") and segment in line for line in stored)
