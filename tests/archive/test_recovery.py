"""Whatever a crash leaves in a spool: what was acknowledged is kept, indexed and stored, once."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from archive.appending import OPEN
from archive.collection import Collection
from archive.contents import read_contents
from archive.index import CaptureQuery, Index
from archive.model import Capture, Segment
from archive.names import key_of, new_name, new_run
from archive.recovery import Recovered, adopt, settle_uploaded
from archive.spool import Spool, is_held
from archive.store.local import LocalStore
from archive.upload import Uploader
from archive.verify import verify
from archive.warc.gzip import member, members
from tests.exchanges import ARTICLE, exchange, page
from tests.keeping import place

HOST = CaptureQuery(url="https://example.org/", match="host")


def _numbered(number: int) -> Any:
    return exchange(f"https://example.org/{number}", page(f"Page {number}"))


def _recover(home: Path) -> Collection:
    """Do what the next process does; everything must end up in the store."""
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    uploader = Uploader(collection.store, collection.index)
    spools = adopt(home, collection.index, uploader)
    assert uploader.drain(0.0), uploader.error()
    uploader.close()
    for spool in spools:
        spool.close()
    assert list(home.glob("spool/*")) == []
    assert collection.index.segments("spooled") == []
    return collection


@dataclass
class Crashes:
    """Copies of a home as it is before each step by which something becomes durable."""

    home: Path
    copies: Path
    acknowledged: list[Capture] = field(default_factory=list)
    with_document: list[Capture] = field(default_factory=list)
    taken: list[tuple[Path, int, int]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def take(self) -> None:
        """Copy the home, and note what had been acknowledged by then."""
        path = self.copies / f"{len(self.taken):03d}"
        counts = len(self.acknowledged), len(self.with_document)
        shutil.copytree(self.home, path, ignore=shutil.ignore_patterns("*-shm"))
        self.taken.append((path, *counts))

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with a copy taken at each call."""

        def call(*arguments: Any, **options: Any) -> Any:
            with self.lock:  # writer and uploader work side by side
                self.take()
                return function(*arguments, **options)

        return call


async def _life(crashes: Crashes) -> None:
    """Append, seal and upload, one step after the other."""
    async with place(crashes.home) as here:
        for number in range(3):
            (capture,) = await here.writer.keep("ondemand", [_numbered(number)])
            crashes.acknowledged.append(capture)
        await here.writer.add(crashes.acknowledged[1], ARTICLE)
        crashes.with_document.append(crashes.acknowledged[1])
        await here.writer.seal()
        assert await here.drain(), here.uploader.error()


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Crashes:
    """A process that might have died at each of its steps."""
    folder = tmp_path_factory.mktemp("crashes")
    made = Crashes(folder / "home", folder / "copies")
    made.home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for place_, name in ((os, "fsync"), (os, "link"), (Path, "rename"), (Path, "unlink")):
            patch.setattr(place_, name, made.before(getattr(place_, name)))
        asyncio.run(_life(made))
    made.take()
    return made


def _copy(crash: Path, to: Path) -> Path:
    return shutil.copytree(crash, to / crash.name)


def test_the_steps_are_what_they_are_taken_for(crashes: Crashes) -> None:
    """Otherwise the next tests would prove little."""
    left = Counter(
        "".join(sorted({name.partition(".")[2][-12:] for name in _spooled(path)}))
        for path, *_ in crashes.taken
    )
    assert len(left) > 10
    assert len(crashes.taken) > 30


def _spooled(home: Path) -> list[str]:
    return [path.name for path in (home / "spool").rglob("*-*.*")]


def test_everything_acknowledged_survives_a_crash_at_every_step(
    crashes: Crashes, tmp_path: Path
) -> None:
    for crash, acknowledged, documents in crashes.taken:
        collection = _recover(_copy(crash, tmp_path))
        try:
            for capture in crashes.acknowledged[:acknowledged]:
                number = capture.url.rpartition("/")[2]
                assert collection.open(capture).raw == page(f"Page {number}"), crash
            for capture in crashes.with_document[:documents]:
                assert collection.document(capture) is not None, crash
            urls = [capture.url for capture in collection.index.captures(HOST)]
            assert len(urls) == len(set(urls)), crash
            assert verify(collection).findings == [], crash
        finally:
            collection.close()


def test_a_second_crash_during_recovery_harms_nothing(crashes: Crashes, tmp_path: Path) -> None:
    """Recovery is done twice, the first time with a store that takes nothing."""
    for crash, acknowledged, _ in crashes.taken[::4]:
        home = _copy(crash, tmp_path)
        index = Index(f"sqlite:///{home}/index.db")
        uploader = Uploader(LocalStore(home / "collection"), index)
        uploader.close()
        for spool in adopt(home, index, uploader):
            spool.close()
        index.close()
        collection = _recover(home)
        try:
            assert verify(collection).findings == [], crash
            assert collection.index.counts().captures >= acknowledged
        finally:
            collection.close()


def test_without_its_database_what_is_in_the_spool_is_found(
    crashes: Crashes, tmp_path: Path
) -> None:
    for crash, acknowledged, _ in crashes.taken[::4]:
        home = _copy(crash, tmp_path)
        for path in home.glob("index.db*"):
            path.unlink()
        spooled = any(".warc.gz" in name for name in _spooled(home))
        collection = _recover(home)
        try:
            found = list(collection.index.captures(HOST))
            if spooled:
                assert set(crashes.acknowledged[:acknowledged]) <= set(found), crash
        finally:
            collection.close()


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Path, list[Capture]]:
    """An open WARC with three exchanges, left by a process that died, and their captures."""

    async def main() -> list[Capture]:
        async with place(tmp_path) as here:
            exchanges = [_numbered(number) for number in range(3)]
            return list(await here.writer.keep("ondemand", exchanges))

    captures = asyncio.run(main())
    (path,) = (tmp_path / "spool").rglob(f"*.warc.gz{OPEN}")
    return path, captures


def test_torn_end_costs_only_what_is_not_whole(
    opened: tuple[Path, list[Capture]], tmp_path: Path
) -> None:
    path, captures = opened
    data = path.read_bytes()
    ends = [offset + length for offset, length, _ in members(path)]
    cuts = sorted({end + by for end in ends for by in (-9, -1, 0, 1, 13) if end + by <= len(data)})
    torn = tmp_path / path.name
    for cut in cuts:
        for tail in (b"", b"\xff" * 700):
            torn.write_bytes(data[:cut] + tail)
            contents = read_contents(torn, captures[0].filename).exchanges
            whole = [c for c in captures if c.offset + c.length <= cut]
            assert list(contents.captures) == whole
            assert contents.end <= cut
            assert (contents.damage is None) == (not tail and cut in (ends[0], *ends[2::2]))


@pytest.mark.parametrize("cut", ["member", "mate"])
def test_what_is_not_whole_does_not_reach_the_store(
    opened: tuple[Path, list[Capture]], cut: str
) -> None:
    path, captures = opened
    home, last = path.parents[2], captures[-1]
    with path.open("r+b") as file:
        file.truncate(last.offset + (9 if cut == "member" else 0))
    collection = _recover(home)  # the index knows of what the disk has lost
    assert list(collection.index.captures_of(last.filename)) == captures[:-1]
    assert verify(collection).findings == []
    collection.close()


@pytest.mark.unsound_warcs
@pytest.mark.parametrize("where", ["warcinfo", "response"])
def test_what_is_whole_behind_a_damage_is_kept_aside(
    opened: tuple[Path, list[Capture]], where: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, captures = opened
    home, data = path.parents[2], path.read_bytes()
    at = captures[1].offset + 60 if where == "response" else 40
    path.write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
    damaged = path.read_bytes()
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    uploader = Uploader(collection.store, collection.index)
    report = Recovered()
    (spool,) = adopt(home, collection.index, uploader, report)
    assert uploader.drain(0.0)
    uploader.close()
    spool.close()

    (copy,) = (home / "damaged").iterdir()
    name, _, end = copy.name.rpartition(".")
    assert name == captures[0].filename
    assert copy.read_bytes() == damaged[int(end) :]
    assert report.cut == len(damaged) - int(end)
    (line,) = report.left
    assert line.startswith(f"{copy}: ")
    assert line in caplog.text
    first = int(line.rpartition(" ")[2])
    rest = home / captures[0].filename
    rest.write_bytes(copy.read_bytes()[first:])
    offset = int(end) + first
    behind = [capture for capture in captures if capture.offset > at + 60]
    assert [capture.offset + offset for capture in read_contents(rest, name).captures] == [
        capture.offset for capture in behind
    ]

    left = captures[:1] if where == "response" else []
    assert list(collection.index.captures_of(name)) == left
    assert [stored.key for stored in collection.store.list("warc/")] == [key_of(name)][: len(left)]
    assert verify(collection).findings == []
    collection.close()


def test_documents_behind_a_damage_are_kept_aside(tmp_path: Path) -> None:
    async def main() -> None:
        async with place(tmp_path) as here:
            for capture in await here.writer.keep("ondemand", [_numbered(n) for n in range(3)]):
                await here.writer.add(capture, ARTICLE)

    asyncio.run(main())
    (path,) = (tmp_path / "spool").rglob(f"*.jsonl.gz{OPEN}")
    (_, _, _), (offset, length, _), _ = members(path)
    data = bytearray(path.read_bytes())
    data[offset + length // 2] ^= 255
    path.write_bytes(data)
    _recover(tmp_path).close()
    (copy,) = (tmp_path / "damaged").iterdir()
    assert copy.read_bytes() == data[offset:]


@pytest.mark.unsound_warcs
def test_file_that_cannot_be_read_hinders_no_other(tmp_path: Path) -> None:
    """Of each folder one: an open WARC, a sealed one, an open run."""
    endings = (
        f".warc.gz{OPEN}",
        ".warc.gz",
        f".{new_run()}.jsonl.gz{OPEN}",
        f".{new_run()}.jsonl.gz",
    )
    name = new_name("ondemand")
    made: list[Capture] = []

    async def main() -> None:
        async with place(tmp_path) as here:
            made.extend(await here.writer.keep("ondemand", [_numbered(1)]))
            for ending in endings:
                bad = here.spool.path / f"{name}{ending}"
                bad.mkdir()  # to read it fails, whoever we are

    asyncio.run(main())
    collection = Collection(
        LocalStore(tmp_path / "collection"), Index(f"sqlite:///{tmp_path}/index.db")
    )
    uploader = Uploader(collection.store, collection.index)
    report = Recovered()
    (spool,) = adopt(tmp_path, collection.index, uploader, report)
    assert uploader.drain(0.0)
    assert len(report.left) == len(endings), report.left
    assert all("cannot be read" in line for line in report.left), report.left
    assert collection.index.segment(made[0].filename).state == "stored"
    uploader.close()
    spool.close()
    collection.close()


def test_folders_stay_locked_when_recovery_fails(
    opened: tuple[Path, list[Capture]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The uploader may have got files out of them."""
    path, _ = opened

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("archive.recovery.write_side_files", fail)
    home = path.parents[2]
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    uploader = Uploader(collection.store, collection.index)
    held: list[Spool] = []
    with pytest.raises(OSError, match="full"):
        adopt(home, collection.index, uploader, held=held)
    uploader.close()
    (spool,) = held
    assert is_held(path.parent)
    spool.close()
    assert not is_held(path.parent)
    collection.close()


def test_text_that_is_not_whole_does_not_reach_the_store(tmp_path: Path) -> None:
    async def main() -> list[Capture]:
        async with place(tmp_path) as here:
            captures = list(await here.writer.keep("ondemand", [_numbered(1), _numbered(2)]))
            for capture in captures:
                await here.writer.add(capture, ARTICLE)
            return captures

    first, second = asyncio.run(main())
    (path,) = (tmp_path / "spool").rglob(f"*.jsonl.gz{OPEN}")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 9)
    for database in tmp_path.glob("index.db*"):
        database.unlink()
    collection = _recover(tmp_path)
    assert collection.document(first) is not None
    assert collection.document(second) is None
    assert verify(collection).findings == []
    collection.close()


def test_spool_without_a_whole_exchange_is_removed(opened: tuple[Path, list[Capture]]) -> None:
    path, captures = opened
    with path.open("r+b") as file:
        file.truncate(captures[0].offset)
    for database in path.parents[2].glob("index.db*"):
        database.unlink()
    collection = _recover(path.parents[2])
    assert list(collection.store.list("")) == []
    collection.close()


@pytest.mark.parametrize("lost", ["cdxj.gz", "jsonl"])
def test_lost_side_file_is_made_again(crashes: Crashes, tmp_path: Path, lost: str) -> None:
    """As a power failure can leave it: the names of one folder need not vanish in order."""
    sealed = next(
        path
        for path, *_ in crashes.taken
        if {"warc.gz", "cdxj.gz", "jsonl"} <= {n.partition(".")[2] for n in _spooled(path)}
    )
    home = _copy(sealed, tmp_path)
    for path in (home / "spool").rglob(f"*.{lost}"):
        path.unlink()
    collection = _recover(home)
    assert verify(collection).findings == []
    assert collection.index.counts().captures == 3
    collection.close()


def _sealed(crashes: Crashes, tmp_path: Path) -> Path:
    """A home with a sealed segment and its side files in the spool."""
    crash = next(
        path
        for path, *_ in crashes.taken
        if {"warc.gz", "cdxj.gz", "jsonl"} <= {n.partition(".")[2] for n in _spooled(path)}
    )
    return _copy(crash, tmp_path)


@pytest.mark.parametrize("damaged", ["cdxj.gz", "jsonl"])
def test_side_file_that_is_not_what_was_written_is_made_again(
    crashes: Crashes, tmp_path: Path, damaged: str
) -> None:
    home = _sealed(crashes, tmp_path)
    (path,) = [p for p in (home / "spool").rglob(f"*.{damaged}") if p.name.count(".") < 3]
    path.write_bytes(path.read_bytes()[:-30])
    collection = _recover(home)
    assert verify(collection).findings == []
    assert collection.index.counts().captures == 3
    collection.close()


@pytest.mark.unsound_warcs
def test_sealed_file_that_has_changed_is_found_but_not_uploaded(
    crashes: Crashes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = _sealed(crashes, tmp_path)
    (path,) = (home / "spool").rglob("*.warc.gz")
    with path.open("r+b") as file:
        file.seek(-20, os.SEEK_END)
        file.write(b"XX")
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    uploader = Uploader(collection.store, collection.index)
    report = Recovered()
    (spool,) = adopt(home, collection.index, uploader, report)
    assert uploader.drain(0.0)
    uploader.close()
    assert path.exists()
    assert [line for line in report.left if str(path) in line]
    assert path.name in caplog.text
    assert collection.index.segment(path.name).state == "spooled"
    assert len(list(collection.index.captures_of(path.name))) == 3
    spool.close()
    collection.close()


@pytest.mark.unsound_warcs
@pytest.mark.parametrize("same", [True, False], ids=["the same", "another"])
def test_sealed_file_is_never_replaced_by_an_open_one_of_its_name(
    opened: tuple[Path, list[Capture]], same: bool
) -> None:
    path, captures = opened
    home = path.parents[2]
    sealed = path.with_name(path.name.removesuffix(OPEN))
    data = path.read_bytes()
    sealed.write_bytes(data if same else data[: captures[-1].offset - 1])
    before = sealed.read_bytes()
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    uploader = Uploader(collection.store, collection.index)
    report = Recovered()
    (spool,) = adopt(home, collection.index, uploader, report)
    assert uploader.drain(0.0) or not same
    uploader.close()
    spool.close()
    if same:
        assert not path.exists()
        assert list(collection.index.captures_of(sealed.name)) == captures
        assert verify(collection).findings == []
    else:
        assert path.read_bytes() == data
        assert sealed.read_bytes() == before
        assert any("compare the two" in line for line in report.left)
    collection.close()


def test_index_restored_from_a_copy_learns_what_was_stored_since(tmp_path: Path) -> None:
    """The copy was taken while the segment was in a spool that is gone."""

    async def life() -> Capture:
        async with place(tmp_path) as here:
            (capture,) = await here.writer.keep("ondemand", [_numbered(1)])
            shutil.copy(tmp_path / "index.db", tmp_path / "copy.db")
            shutil.copy(tmp_path / "index.db-wal", tmp_path / "copy.db-wal")
            await here.writer.seal()
            assert await here.drain()
            return capture

    capture = asyncio.run(life())
    collection = Collection(
        LocalStore(tmp_path / "collection"), Index(f"sqlite:///{tmp_path}/copy.db")
    )
    lost = Segment(
        filename="gone-20261122100000250-abcdefghij.warc.gz",
        source="gone",
        state="spooled",
        node=collection.index.segment(capture.filename).node,
        path=str(tmp_path / "spool" / "gone"),
    )
    collection.index.add_segment(lost)
    assert collection.index.segment(capture.filename).state == "spooled"
    assert settle_uploaded(collection.index, collection.store) == [lost.filename]
    assert collection.index.segment(capture.filename).state == "stored"
    assert collection.open(capture).raw == page("Page 1")
    collection.close()


@pytest.mark.unsound_warcs
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("holiday.warc.gz", b"not ours"),
        ("ondemand-20261122100000250-abcdefghij.warc.gz", b"not gzip"),
        (
            "ondemand-20261122100000250-abcdefghij.20261122100000250-abcdefghij.jsonl.gz",
            b"".join(member([b'{"url": 1}\n'])),
        ),
    ],
    ids=["foreign", "damaged WARC", "damaged text"],
)
def test_file_that_makes_no_sense_stays_and_hinders_nothing(
    opened: tuple[Path, list[Capture]], name: str, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path, captures = opened
    home = path.parents[2]
    (path.parent / name).write_bytes(data)
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    uploader = Uploader(collection.store, collection.index)
    (spool,) = adopt(home, collection.index, uploader)
    assert uploader.drain(0.0)
    uploader.close()
    spool.close()
    assert (path.parent / name).read_bytes() == data
    assert name in caplog.text
    assert [collection.open(capture).capture for capture in captures] == captures
    collection.close()
