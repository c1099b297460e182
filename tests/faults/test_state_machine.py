"""Any sequence of captures, seals, outages, crashes and rebuilds, compared with a dictionary."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from archive import names, segment, upload
from archive.appending import OPEN
from archive.collection import Collection
from archive.documents import text_digest
from archive.errors import StoreUnavailable
from archive.index import Index
from archive.model import Article, Capture, Document
from archive.recovery import adopt
from archive.spool import Spool
from archive.store.base import StoredObject
from archive.store.local import LocalStore
from archive.verify import verify
from tests.exchanges import STARTED, exchange, page
from tests.faults.acks import Ack
from tests.faults.driver import reindex
from tests.faults.invariants import History, check, check_crash
from tests.keeping import Place, place

_MEMORY = Path("/dev/shm")
_PATIENCE = 30.0
_SEGMENT_BYTES = 20_000
_TORN = st.sampled_from(["", "noise", "half a member", "no mate"])
_THEN = st.sampled_from(["", "start", "rebuild", "lose the database"])
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]

Key = tuple[str, int]
"""File name and offset of a capture."""


class Outages(LocalStore):
    """A folder that can be cut off, at once or after some more objects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.left: int | None = None  #: objects that it still takes; None: it is well

    def put_new(self, key: str, source: bytes | Path) -> StoredObject:
        """As LocalStore, while it can be reached."""
        if self.left is not None:
            if self.left <= 0:
                Archive.happened[("cut off",)] += 1
                raise StoreUnavailable(f"{self.uri} is cut off", key)
            self.left -= 1
        return super().put_new(key, source)


class Clock:
    """What the modules that name files take for the time."""

    def __init__(self) -> None:
        self.time = STARTED

    def now(self) -> datetime:
        """Each look takes a millisecond."""
        self.time += timedelta(milliseconds=1)
        return self.time


class Archive(RuleBasedStateMachine):
    """A home, a store beside it, and at most one process that works there."""

    happened: ClassVar[Counter[tuple[str, ...]]] = Counter()  #: over all examples

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self.store = Outages(self.home / "collection")
        self.loop = asyncio.new_event_loop()
        self.clock = Clock()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(names, "now", self.clock.now)
        self.patch.setattr(segment, "now", self.clock.now)
        self.patch.setattr(upload, "_FIRST_PAUSE", 0.002)
        self.patch.setattr(upload, "_LONGEST_PAUSE", 0.01)
        self.here: Place | None = None
        self.stack = AsyncExitStack()
        self.adopted: list[Spool] = []
        self.kept: dict[Key, tuple[Capture, str]] = {}  # capture, sha256 of the wire's bytes
        self.texts: dict[Key, Document] = {}  # the current one
        self.open_texts: set[Key] = set()  # of them a run may be open that has a document already
        self.history = History()
        self.number = 0
        self.index_lost = False

    # The process

    @initialize()
    def first_start(self) -> None:
        """A home that is new."""
        self._start()

    @precondition(lambda self: self.here is None)
    @rule()
    def start(self) -> None:
        """The next process; what it finds it takes over."""
        self._start()

    def _start(self) -> None:
        self.stack = AsyncExitStack()
        entered = self.stack.enter_async_context(
            place(self.home, self.store, max_bytes=_SEGMENT_BYTES)
        )
        self.here = self.loop.run_until_complete(entered)
        self.adopted = adopt(self.home, self.here.collection.index, self.here.uploader)
        if self.index_lost and any(self.store.list("warc/")):
            # What is only in the store is known to a rebuilt index.
            self._end()
            self._rebuild()
            self._start()
        self.index_lost = False

    def _end(self) -> None:
        """Nothing is sealed, and what is being uploaded stays as it is."""
        self.loop.run_until_complete(self.stack.aclose())
        for spool in self.adopted:
            spool.close()
        self.here, self.adopted, self.open_texts = None, [], set()

    @precondition(lambda self: self.here is not None)
    @rule(torn=_TORN, seed=st.integers(0, 99))
    def crash_and_start(self, torn: str, seed: int) -> None:
        """What happens the most: the next process is there at once."""
        self._crash(torn, seed, "start")

    @precondition(lambda self: self.here is not None)
    @rule(torn=_TORN, seed=st.integers(0, 99), then=_THEN)
    def crash(self, torn: str, seed: int, then: str) -> None:
        """The process is gone, and somebody may do something before the next one."""
        self._crash(torn, seed, then)

    def _crash(self, torn: str, seed: int, then: str) -> None:
        """The last write of each open file may have left something behind."""
        self.happened["crash", torn, then] += 1
        self._end()
        for path in (self.home / "spool").rglob(f"*{OPEN}"):
            self._tear(path, torn, random.Random(seed))
        check_crash(self.home, self._promises(), store=LocalStore(self.store.folder))
        if then == "rebuild":
            self._rebuild()
        elif then == "lose the database":
            self._lose_database()
        elif then == "start":
            self._start()

    def _tear(self, path: Path, torn: str, chance: random.Random) -> None:
        data = path.read_bytes()
        own = [
            capture for capture, _ in self.kept.values() if path.name.startswith(capture.filename)
        ]
        tail = chance.randbytes(200)
        if torn in ("half a member", "no mate") and own:
            request_length = own[-1].request_length or 0
            request = data[own[-1].offset - request_length : own[-1].offset]
            tail = request if torn == "no mate" else request[: len(request) // 2]
        if torn:
            path.write_bytes(data + tail)

    @rule()
    def rebuild(self) -> None:
        """The index is made again from the objects, while a process works or while none does."""
        self.happened["rebuild", "" if self.here is None else "beside a process"] += 1
        self._rebuild()

    def _rebuild(self) -> None:
        reindex(self.home)
        self.index_lost = False

    def _lose_database(self) -> None:
        """Somebody deletes the index, or a backup is restored without it."""
        for path in self.home.glob("index.db*"):
            path.unlink()
        self.index_lost = True

    # Work

    @precondition(lambda self: self.here is not None)
    @rule(
        source=st.sampled_from(["one", "two"]),
        urls=st.lists(st.integers(0, 5), min_size=1, max_size=3),
        size=st.sampled_from([0, 300, 9000]),
    )
    def capture(self, source: str, urls: Sequence[int], size: int) -> None:
        """Exchanges of a page and its requisites; the same URLs again and again."""
        assert self.here is not None
        exchanges, sent = [], []
        for url in urls:
            self.number += 1
            body = random.Random(self.number).randbytes(size).hex()
            message = page(f"Page {self.number} {body}")
            sent.append(hashlib.sha256(message).hexdigest())
            exchanges.append(
                exchange(
                    f"https://example.org/{url}",
                    message,
                    started=self.clock.now(),
                    source=source,
                )
            )
        captures = self.loop.run_until_complete(self.here.writer.keep(source, exchanges))
        for capture, digest in zip(captures, sent, strict=True):
            assert (capture.filename, capture.offset) not in self.kept
            self.kept[capture.filename, capture.offset] = capture, digest

    @precondition(lambda self: self.here is not None and self.kept)
    @rule(which=st.integers(0, 1000))
    def add_document(self, which: int) -> None:
        """The text of some capture, of this process or an earlier one; a later one replaces it."""
        assert self.here is not None
        key = sorted(self.kept)[which % len(self.kept)]
        if key in self.open_texts:
            return
        self.number += 1
        article = Article(
            title="T", text=f"Words {self.number}.", quality="thin", extraction_status="ok"
        )
        added = self.here.writer.add(self.kept[key][0], article)
        document = self.loop.run_until_complete(added)
        self.open_texts.add(key)
        # With a clock that was set back, the later run may be the lesser one.
        current = self.texts.get(key)
        if current is None or current.run < document.run:
            self.texts[key] = document

    @precondition(lambda self: self.here is not None)
    @rule(source=st.sampled_from(["one", "two", None]))
    def seal(self, source: str | None) -> None:
        """The uploads go on by themselves."""
        assert self.here is not None
        self.loop.run_until_complete(self.here.writer.seal(source))
        self.open_texts.clear()

    @precondition(lambda self: self.here is not None and self.store.left is None)
    @rule()
    def upload(self) -> None:
        """Nothing that is sealed stays behind."""
        assert self.here is not None
        assert self.loop.run_until_complete(self.here.drain(_PATIENCE)), self.here.uploader.error()
        sealed = [
            path for path in (self.home / "spool").rglob("*-*.*") if not path.name.endswith(OPEN)
        ]
        assert sealed == []
        self.history.look(LocalStore(self.store.folder))

    @rule(objects=st.integers(0, 4))
    def store_goes_away(self, objects: int) -> None:
        """In the middle of an upload, or between two."""
        self.store.left = objects

    @precondition(lambda self: self.store.left is not None)
    @rule()
    def store_returns(self) -> None:
        """With everything that it had."""
        self.store.left = None

    @rule(step=st.sampled_from([-86_400, -3600, -1, 3600, 86_400]))
    def clock_steps(self, step: int) -> None:
        """Somebody sets the clock."""
        self.clock.time += timedelta(seconds=step)

    @precondition(lambda self: self.here is not None)
    @rule()
    def audit(self) -> None:
        """Beside whatever goes on, there is nothing to complain of."""
        assert self.here is not None
        assert verify(self.here.collection, home=self.home).findings == []

    # What must be true

    @invariant()
    def everything_acknowledged_is_there(self) -> None:
        """Once, and as it was sent."""
        if self.here is None:
            return
        index = self.here.collection.index
        rows = [capture for one in index.segments() for capture in index.captures_of(one.filename)]
        assert len(rows) == len(self.kept)
        assert {(row.filename, row.offset): row for row in rows} == {
            key: capture for key, (capture, _) in self.kept.items()
        }
        collection = Collection(LocalStore(self.store.folder), index)
        for key, (capture, digest) in self.kept.items():
            assert hashlib.sha256(collection.open(capture).raw).hexdigest() == digest
            assert index.documents.of(capture) == self.texts.get(key)

    def teardown(self) -> None:
        """Whatever has happened: the next start, with a store that is well, puts all in order."""
        try:
            self.store.left = None
            if self.here is None:
                self._start()
            assert self.here is not None
            self.loop.run_until_complete(self.here.writer.seal())
            assert self.loop.run_until_complete(self.here.drain(_PATIENCE))
            self._end()
            store = LocalStore(self.store.folder)
            self.history.look(store)
            check(self.home, self._promises(), store=store)
        finally:
            if self.here is not None:
                self._end()
            self.patch.undo()
            self.loop.close()
            shutil.rmtree(self.home)

    def _promises(self) -> list[Ack]:
        promises = []
        for key, (capture, digest) in self.kept.items():
            promise = Ack(
                kind="spooled",
                time=0.0,
                filename=capture.filename,
                offset=capture.offset,
                url=capture.url,
                digest=digest,
            )
            promises.append(promise)
            if document := self.texts.get(key):
                text = text_digest(document.article.text)
                promises.append(replace(promise, kind="document", digest=text))
        return promises


def _settings(examples: int, steps: int, **others: Any) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=_QUIET,
        **others,
    )


def test_some_sequences() -> None:
    run_state_machine_as_test(Archive, settings=_settings(25, 15))


@pytest.mark.slow
def test_many_sequences() -> None:
    run_state_machine_as_test(Archive, settings=_settings(300, 30))
    # The harness must not fail to do what it means to do.
    seen = Counter[str]()
    for what, number in Archive.happened.items():
        for place_, part in enumerate(what):
            seen[f"{place_} {part}"] += number
    assert len(seen) == 3 + 5 + 4, seen
    assert min(seen.values()) > 5, seen


def test_writer_that_speaks_before_the_index_knows_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = Index.commit
    waiting: list[tuple[Any, ...]] = []

    def late(*rows: Any) -> None:
        waiting.append(rows)
        if len(waiting) > 1:
            commit(*waiting.pop(0))

    monkeypatch.setattr(Index, "commit", late)
    few = _settings(10, 10, database=None, phases=[Phase.generate])
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(Archive, settings=few)
