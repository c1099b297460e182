"""The power is cut at any moment: a log of syscalls, every state that may be left, recovered."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from archive.collection import Collection
from archive.index import CaptureQuery, Index
from archive.model import Capture
from archive.names import key_of, sibling
from archive.recovery import adopt
from archive.spool import Spool
from archive.store.local import LocalStore
from archive.upload import Uploader
from archive.verify import verify
from tests.faults import invariants
from tests.faults.disk import STRATEGIES, Disk, Tree
from tests.faults.forgetful import FORGETFUL
from tests.faults.life import PHASES, TOLD, message
from tests.faults.syscalls import Event, events, record

_MEMORY = Path("/dev/shm")
_SAMPLE = 60  # states of the short form
_HOST = CaptureQuery(url="https://example.org/", match="host")

Told = list[dict[str, Any]]


@dataclass(slots=True)
class Lost:
    """A state that the disk may be in, and what had been promised by then."""

    tree: Tree
    promises: int
    when: str  #: for people


@dataclass(slots=True)
class Life:
    """What a process did, up to its end."""

    home: Path
    events: list[Event]
    told: Told = field(default_factory=list)

    def lost(self, seeds: int) -> Iterator[Lost]:
        """Every state after each event, with `seeds` draws of the strategies that draw.

        Equal states come once, with the last promises that they must keep.
        """
        disk, found, contents = Disk(), dict[bytes, Lost](), dict[bytes, bytes]()
        self.told = []
        for number, event in enumerate(self.events):
            if event.path == TOLD:
                self.told += [json.loads(line) for line in event.data.splitlines()]
            disk.apply(event)
            for strategy in STRATEGIES:
                drawn = strategy not in ("lost", "kept", "names", "data")
                for seed in range(seeds if drawn else 1):
                    tree = disk.crash(strategy, number * 1000 + seed)
                    when = f"after {number} ({event.kind} {event.path}), {strategy} {seed}"
                    found[_digest(tree, contents)] = Lost(tree, len(self.told), when)
        # What is wrong is often wrong for a while: the first are from everywhere.
        states = list(found.values())
        random.Random(len(states)).shuffle(states)
        yield from states


def _digest(tree: Tree, contents: dict[bytes, bytes]) -> bytes:
    """Of paths and contents; equal contents become one."""
    digest = hashlib.sha256()
    for path, content in sorted(tree.items()):
        # What processes share in memory there is made anew when none has the database open.
        if path == TOLD or path.endswith("-shm"):
            del tree[path]
            continue
        digest.update(path.encode() + b"\0")
        if content is not None:
            own = hashlib.sha256(content).digest()
            tree[path] = contents.setdefault(own, content)
            digest.update(own)
    return digest.digest()


def _live(folder: Path, *planted: str) -> Life:
    """Record the phases, one process after the other."""
    home = folder / "home"
    home.mkdir()
    found: list[Event] = []
    for phase in PHASES:
        log = folder / f"{phase}.strace"
        command = [sys.executable, "-m", "tests.faults.life", str(home), phase, *planted]
        status = record(command, log, {"PYTHONDONTWRITEBYTECODE": "1"})
        assert status == 0, f"{phase} ended with {status}"
        found += events(log, home)
    return Life(home, found)


def _lay(tree: Tree, home: Path) -> None:
    home.mkdir()
    for path, content in sorted(tree.items()):
        if content is None:
            (home / path).mkdir()
        else:
            (home / path).write_bytes(content)


def _broken(home: Path, told: Told) -> list[str]:
    """What is not as it was promised, after a start as any other."""
    wrong: list[str] = []
    store = LocalStore(home / "collection")
    kept = {Path(found.key).name for found in store.list("warc/")}
    for line in told:
        if (name := line.get("stored")) and name not in kept:
            wrong.append(f"{name} was stored, and is not")
    spool = Spool.create(home)
    with closing(Collection(store, Index(f"sqlite:///{home}/index.db"))) as collection:
        collection.ensure()
        uploader = Uploader(store, collection.index)
        adopted = adopt(home, collection.index, uploader)
        if not uploader.drain(0.0):
            wrong.append(f"not uploaded: {uploader.error()}")
        uploader.close()
        for one in (*adopted, spool):
            one.close()
        wrong += [f"left in the spool: {path.name}" for path in invariants.spooled(home)]
        wrong += [f"{one.filename} is spooled" for one in collection.index.segments("spooled")]
        wrong += _missing(collection, told)
        wrong += invariants.records(collection)
        wrong += [f"{f.kind}: {f.name}: {f.detail}" for f in verify(collection).findings]
    return wrong


def _missing(collection: Collection, told: Told) -> Iterator[str]:
    rows = list(collection.index.captures(_HOST))
    for line in told:
        if "captured" in line:
            capture = Capture(**line["captured"])
            if capture not in rows:
                yield f"{capture.url} was captured, and is not in the index"
            elif collection.open(capture).raw != message(int(capture.url.rpartition("/")[2])):
                yield f"{capture.url} has other bytes"
        if "documented" in line and collection.document(Capture(**line["documented"])) is None:
            yield f"{line['documented']['url']} had text"
        if name := line.get("stored"):
            for key in (key_of(name), key_of(sibling(name, "jsonl"))):
                collection.store.head(key)


def _check(life: Life, lost: Lost, folder: Path) -> list[str]:
    home = folder / "home"
    _lay(lost.tree, home)
    try:
        return _broken(home, life.told[: lost.promises])
    except Exception as error:  # noqa: BLE001 - whatever it is, recovery must not raise it
        return [f"{type(error).__name__}: {error}"]
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def quick() -> Iterator[Path]:
    """A folder where syncing costs nothing: what is recovered there meets no power failure."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The recorded life of a process without a planted bug."""
    return _live(tmp_path_factory.mktemp("life"))


def _sample(life: Life, count: int) -> list[Lost]:
    return list(islice(life.lost(1), count))


def test_model_of_the_disk_ends_where_the_real_one_did(life: Life) -> None:
    """Otherwise what it says of earlier moments would be worth little."""
    disk = Disk()
    for event in life.events:
        disk.apply(event)
    real = {
        str(path.relative_to(life.home)): None if path.is_dir() else path.read_bytes()
        for path in life.home.rglob("*")
    }
    assert disk.crash("kept") == real
    kinds = {event.kind for event in life.events}
    assert kinds >= {"create", "write", "rename", "link", "unlink", "mkdir", "rmdir", "sync_done"}


def test_what_was_promised_survives_a_sample_of_power_failures(life: Life, quick: Path) -> None:
    sample = _sample(life, _SAMPLE)
    assert len(sample) == _SAMPLE
    broken = {lost.when: wrong for lost in sample if (wrong := _check(life, lost, quick))}
    assert broken == {}
    assert len(life.told) > 15


@pytest.mark.slow
def test_what_was_promised_survives_every_power_failure(life: Life, quick: Path) -> None:
    states = list(life.lost(3))
    assert len(states) > 1000
    broken = {lost.when: wrong for lost in states if (wrong := _check(life, lost, quick))}
    assert broken == {}


@pytest.mark.slow
@pytest.mark.parametrize("planted", FORGETFUL)
def test_forgetful_program_is_found_out(planted: str, quick: Path, tmp_path: Path) -> None:
    forgetting = _live(tmp_path, planted)
    assert any(_check(forgetting, lost, quick) for lost in forgetting.lost(4))


def test_program_that_never_syncs_is_found_out_by_the_sample(quick: Path, tmp_path: Path) -> None:
    """The rest of the planted bugs: in the long form."""
    forgetting = _live(tmp_path, "no-fsync")
    assert any(_check(forgetting, lost, quick) for lost in _sample(forgetting, _SAMPLE))
