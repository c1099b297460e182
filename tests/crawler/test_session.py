"""A session: opened whole or not at all, closed without loss."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.errors import (
    AccessDenied,
    BucketMissing,
    FilesMissing,
    IndexUnavailable,
    WriteError,
)
from archive.index import Index
from archive.model import Capture
from archive.spool import Spool
from archive.store.base import StoredObject
from archive.store.local import LocalStore
from archive.verify import verify
from config.load import load
from config.schema import Configuration
from crawler.session import Session
from tests.exchanges import exchange, page, response
from tests.failing import raising


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """A home of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "HOME", "COLLECTION", "DATABASE_URL", "ALLOW_NETWORKS"):
        monkeypatch.delenv(f"PRESSMARK_{name}", raising=False)
    Path("pressmark.yaml").write_text("contact: a@example.org\nstore_wait: 0.1\n")
    return load()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """However it ends, a session takes its threads with it."""
    before = set(threading.enumerate())
    yield
    names = {thread.name for thread in set(threading.enumerate()) - before}
    assert not names & {"uploader", "segment-writer"}


def _spools() -> list[str]:
    return [path.name for path in Path("data/spool").rglob("*") if path.name != "lock"]


def test_what_is_kept_is_stored_and_nothing_is_left(configuration: Configuration) -> None:
    async def main() -> None:
        session = await Session.open(configuration)
        (kept,) = await session.recording("ondemand", "job-1").keep([exchange()])
        assert not session.is_stored(kept)
        assert await session.seal()
        assert session.is_stored(kept)
        assert session.upload_error() is None
        assert verify(session.collection).findings == []
        assert session.collection.store.get("collection.json")
        await session.close()

    asyncio.run(main())
    assert _spools() == []


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("archive.store.local.LocalStore.put_new", AccessDenied("read-only")),
        ("archive.index.Index.mark_stored", IndexUnavailable("gone")),
    ],
    ids=["store", "index"],
)
def test_what_is_not_stored_is_said_and_stored_by_the_next_session(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch, target: str, error: Exception
) -> None:
    async def first() -> None:
        session = await Session.open(configuration)
        (kept,) = await session.recording("ondemand").keep([exchange()])
        with monkeypatch.context() as patch:
            patch.setattr(target, raising(error))
            assert not await session.seal()
            assert session.upload_error() is error
            assert not session.is_stored(kept)
            await session.close()

    async def second() -> None:
        session = await Session.open(configuration)
        assert await session.seal()
        assert await session.drain(own=False)
        assert session.collection.memento(exchange().url).raw == page()
        assert session.collection.index.segments("spooled") == []
        await session.close()

    asyncio.run(first())
    assert len(_spools()) == 4
    asyncio.run(second())
    assert _spools() == []


def test_disk_that_is_unmounted_meanwhile_is_not_written_to(configuration: Configuration) -> None:
    disk = Path("data/collection")

    def unmount() -> None:
        disk.rename("away")
        disk.mkdir()

    def mount() -> None:
        disk.rmdir()  # nothing is in it
        Path("away").rename(disk)

    async def main() -> None:
        session = await Session.open(configuration)
        recording = session.recording("ondemand")
        await recording.keep([exchange()])
        assert await session.seal()
        unmount()
        (kept,) = await recording.keep([exchange("https://example.org/later")])
        assert not await session.seal()
        assert isinstance(session.upload_error(), FilesMissing)
        assert not session.is_stored(kept)
        await session.close()
        mount()
        session = await Session.open(configuration)
        assert await session.drain(own=False)
        assert session.is_stored(kept)
        await session.close()

    asyncio.run(main())
    assert _spools() == []


def test_store_that_refuses_opens_nothing(configuration: Configuration, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/collection").write_text("")
    with pytest.raises(BucketMissing):
        asyncio.run(Session.open(configuration))
    assert list((tmp_path / "data/spool").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [(OSError(5, "gone"), WriteError), (IndexUnavailable("locked"), IndexUnavailable)],
)
def test_recovery_that_fails_opens_nothing(
    configuration: Configuration,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    kind: type[Exception],
) -> None:
    left = Spool.create(Path("data"))
    (left.path / "work.part").write_text("")
    left.close()
    with monkeypatch.context() as patch:
        patch.setattr("archive.recovery.take_over", raising(error))
        with pytest.raises(kind):
            asyncio.run(Session.open(configuration))
    # The locks are free again.
    (spool,) = Spool.abandoned(Path("data"))
    assert spool.path == left.path
    spool.close()


def test_in_a_hurry_nobody_waits_and_nobody_else_takes_the_spool(
    configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second Ctrl-C, in the middle of a large object."""
    begun, go_on = threading.Event(), threading.Event()
    put_new = LocalStore.put_new

    def slow(store: LocalStore, key: str, source: bytes | Path) -> StoredObject:
        if key.startswith("warc/"):
            begun.set()
            go_on.wait(10)
        return put_new(store, key, source)

    monkeypatch.setattr(LocalStore, "put_new", slow)

    async def main() -> Session:
        session = await Session.open(configuration)
        await session.recording("ondemand").keep([exchange()])
        await session.writer.seal()
        assert await asyncio.to_thread(begun.wait, 10)
        async with asyncio.timeout(5):
            await session.close(hurry=True)
        assert list(Spool.abandoned(Path("data"))) == []
        return session

    session = asyncio.run(main())
    go_on.set()
    asyncio.run(session.close())


def test_reading_needs_no_session(configuration: Configuration) -> None:
    """What is spooled by a living process is read by another one."""

    async def main() -> None:
        session = await Session.open(configuration)
        (kept,) = await session.recording("ondemand").keep([exchange()])
        other = Collection(session.collection.store, Index(configuration.index_url))
        assert other.open(kept).raw == page()
        other.close()
        await session.close()

    asyncio.run(main())


def test_text_that_a_dead_process_owed_is_made_beside_the_next_command(
    configuration: Configuration,
) -> None:
    html = response(
        b"<html lang=en><title>Dam</title><body><article><h1>Dam</h1>"
        + b"<p>Workers at the dam said on Monday that their wages were withheld.</p>" * 9,
        b"Content-Type: text/html",
    )

    async def dies() -> Capture:
        session = await Session.open(configuration)
        (kept,) = await session.recording("ondemand").keep([exchange(message=html)])
        await session.close()
        return kept

    async def next_start(kept: Capture) -> None:
        session = await Session.open(configuration)
        index = session.collection.index
        assert session.extracting is not None
        await session.extracting
        assert (index.counts().unextracted, index.documents.unextracted_segments()) == (0, [])
        document = index.documents.of(kept)
        assert document is not None
        assert document.article.title == "Dam"
        assert await session.seal()
        assert await session.drain(own=False)
        assert verify(session.collection).findings == []
        await session.close()

    kept = asyncio.run(dies())
    asyncio.run(next_start(kept))
    assert _spools() == []
