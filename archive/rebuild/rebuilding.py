"""The way of a rebuild: the store, what was stored meanwhile, the spools, what was committed since.

1. Every object of the store is loaded, and what is stored meanwhile, in a second look or a third.
2. Sealed files in this home's spools and those of ended processes are read, and decisions to
   withhold.
3. Writers are held off. What they have committed that neither place shows is copied from the live
   index: segments that are still written to, those of other machines' spools, and what was stored
   in between. Then the new index takes its place.

Nothing is lost between the steps: a file leaves a spool only after its row in the live index says
`stored`, and nobody can write such a row in step 3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from archive.agreement import check_same, compare
from archive.description import is_of, stored_description
from archive.errors import FilesMissing, IndexDamaged, IndexOutdated, KeyMissing, SegmentUnknown
from archive.index import Index
from archive.index.replacement import Replacement
from archive.model import Capture, Document, Segment
from archive.names import key_of, segment_of, sibling, source_of
from archive.objects import SegmentObjects, segments_of
from archive.progress import Advance, unseen
from archive.rebuild.catching_up import CatchingUp, load
from archive.rebuild.decisions import Decisions
from archive.rebuild.reading import Found, from_store, read_segment, read_text
from archive.rebuild.spools import Spools
from archive.spool import sealed_name
from archive.spooled import spooled_files
from archive.store.base import Store

_BATCH = 5000
"""Captures that are loaded at once."""
_DOCUMENT = 20
"""As so many captures a document counts."""
_AHEAD = 8
"""Objects that are read while others are loaded."""
_LOOKS = 3
_FEW = 10
"""So few new objects that looking again can wait until writers are held off."""

T = TypeVar("T")


def rebuild(
    store: Store,
    url: str,
    *,
    home: Path,
    forget_missing: bool = False,
    advance: Advance = unseen,
) -> list[str]:
    """Make the index at `url` anew, and put it in the place of the one that is there, if any.

    Returns the files that could not be read, each with the reason; `verify` says more. What an
    earlier call had loaded when it was killed is not read again. `home`: where this machine spools.
    `advance` is told how many objects are done, and of how many. Raises StoreError, IndexFailure;
    unless `forget_missing`, FilesMissing where files are gone that the old index calls stored, and
    OtherCollection where that is of another one.
    """
    old = _open_if_readable(url)
    try:
        if old is not None and not forget_missing:
            check_same(store, old.collection(), len(old.segments("stored")))
            _check_nothing_is_missing(store, old, home)
        with Replacement(url) as fresh:
            objects = _Objects(store, fresh, old, home, advance)
            lost = None if old is None else _lost_description(store, old, forget_missing)
            decisions = Decisions(store, fresh, forget_missing=forget_missing)
            return _rebuild(store, fresh, objects, decisions, home, lost)
    finally:
        if old is not None:
            old.close()


def _rebuild(
    store: Store,
    fresh: Replacement,
    objects: _Objects,
    decisions: Decisions,
    home: Path,
    lost: str | None,
) -> list[str]:
    for _ in range(_LOOKS):
        if objects.look() <= _FEW:
            break
    fresh.finish()
    # Without one, that which the next capture makes.
    fresh.index.mark_collection(stored_description(store) or lost)
    spools = Spools(home)
    for found in spools.settled(fresh.index):
        load(fresh.index, found)
    decisions.load()
    with fresh.swap() as live:
        decisions.catch_up(live)
        catching_up = CatchingUp(fresh.index, objects, home)
        catching_up.from_spools(spools, live)
        if live is not None:
            catching_up.from_index(live)
        else:
            catching_up.name_others(fresh.spooled_in_outdated())
        objects.load_early_texts()
    return [*objects.unread, *spools.unread, *catching_up.unread, *decisions.unread]


def _lost_description(store: Store, old: Index, forget_missing: bool) -> str | None:
    """What the next capture is to put back, should the store have lost its description."""
    known = old.collection()
    filled = not forget_missing and bool(old.segments("stored"))
    return known if known is not None and is_of(known, store, filled=filled) else None


def _check_nothing_is_missing(store: Store, old: Index, home: Path) -> None:
    """A disk that is not mounted would cost the index all that it knows."""
    found = compare(store, old)
    spooled = {sealed_name(path) for path in spooled_files(home)}
    missing = [name for name in found.missing if name not in spooled]
    if missing:
        raise FilesMissing(
            f"{store.uri} lacks {len(missing)} of {found.stored} files that the index calls stored "
            f"there, such as {missing[0]}; the index stays as it is: mount the disk of the "
            "collection, correct `collection`, or bring the files back, from a backup or by "
            "`pressmark verify --repair` from the mirror; if they are lost, "
            "`pressmark rebuild-index --forget-missing` goes on without them"
        )


def _open_if_readable(url: str) -> Index | None:
    """Opening one that is not there would make it. Raises IndexUnavailable."""
    try:
        return Index(url) if Index.exists(url) else None
    except (IndexDamaged, IndexOutdated):
        return None


@dataclass(slots=True)
class _Batch:
    """What is to be loaded together."""

    segments: list[Segment] = field(default_factory=list)
    captures: list[Capture] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


class _Objects:
    """The objects of the store."""

    def __init__(
        self, store: Store, fresh: Replacement, old: Index | None, home: Path, advance: Advance
    ) -> None:
        self._store = store
        self._files = from_store(store)
        self._fresh = fresh
        self._old = old
        self._home = home
        self._advance = advance
        self._batch = _Batch()
        self._tried: set[str] = set()
        self._loaded: set[str] = set()
        self._early: dict[str, list[Document]] = {}
        self.lost: set[str] = set()  #: segments of which nothing could be read
        self.unread: list[str] = []
        self.stored_before: set[str] = set()  #: by the live index, before the last listing
        self.texts: set[str] = set()  #: texts that were read in the store, or could not be
        self.uploading: set[str] = set()  #: files in this home's spools before the last listing

    def look(self) -> int:
        """List the store and load what is new; how many objects were."""
        self.uploading = {sealed_name(path) for path in spooled_files(self._home)}
        spooled = set(self.uploading)
        if self._old is not None:
            self.stored_before = {found.filename for found in self._old.segments("stored")}
            spooled |= {found.filename for found in self._old.segments("spooled")}
        listed = [one for one in segments_of(self._store) if isinstance(one, SegmentObjects)]
        self._begin_anew_if_objects_are_gone(listed)
        there = [name for one in listed for name in _files_of(one, spooled)]
        self.texts = {name for name in there if name != segment_of(name)}
        done = self._tried | self._fresh.done
        wanted = [name for name in there if name not in done]
        absent = {one.filename for one in listed} - {name for one in listed for name in one.objects}
        total = len(wanted)
        for number, (name, found) in enumerate(self._read(wanted, absent)):
            self._advance(number, total)
            self._take(name, found)
        self._flush()
        self._tried.update(wanted)
        self._advance(total, total)
        return total

    def load_early_texts(self) -> None:
        """Texts that were stored before their segments, which have come from the spools since."""
        for name, documents in self._early.items():
            try:
                self._fresh.index.commit([], documents)
            except SegmentUnknown as error:
                self.unread.append(f"{name}: {error.filename}, whose text it is, could not be read")

    def _begin_anew_if_objects_are_gone(self, listed: Iterable[SegmentObjects]) -> None:
        """What an earlier process loaded counts only while it is what the store holds."""
        if not self._fresh.done:
            return
        there = {name for one in listed for name in one.objects}
        if self._fresh.done - there or self._fresh.index.segments("spooled"):
            self._fresh.restart()
            self._tried.clear()
            self._loaded.clear()
            self._early.clear()

    def _read(self, names: list[str], absent: set[str]) -> Iterator[tuple[str, Found]]:
        """Read in several threads: a store is slow to answer, not to send."""
        waiting: deque[tuple[str, Future[Found]]] = deque()
        with ThreadPoolExecutor(_AHEAD) as pool:
            try:
                for name in names:
                    waiting.append((name, pool.submit(self._read_one, name, name in absent)))
                    if len(waiting) >= _AHEAD:
                        done, future = waiting.popleft()
                        yield done, future.result()
                while waiting:
                    done, future = waiting.popleft()
                    yield done, future.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def _read_one(self, name: str, absent: bool) -> Found:
        if name != segment_of(name):
            return read_text(self._files, name)
        if absent:
            try:
                self._store.head(key_of(name))  # it may have come since
            except KeyMissing:
                return Found(unread=[f"{name}: it is gone; other objects of it are there"])
        return read_segment(self._files, name)

    def _take(self, name: str, found: Found) -> None:
        self.unread += found.unread
        segment = segment_of(name)
        if name == segment:
            if found.captures or not found.unread:
                source = source_of(name)
                self._batch.segments.append(Segment(filename=name, source=source, state="stored"))
                self._loaded.add(name)
            else:
                self.lost.add(name)
        elif segment not in self._loaded and segment not in self._fresh.done:
            self._early[name] = found.documents
            return
        for captures in _parts(found.captures, _BATCH):
            self._batch.captures += captures
            self._load_if_full()
        for documents in _parts(found.documents, _BATCH // _DOCUMENT):
            self._batch.documents += documents
            self._load_if_full()
        if not found.unread:
            self._batch.done.append(name)
            self._load_if_full()

    def _load_if_full(self) -> None:
        batch = self._batch
        if len(batch.captures) + _DOCUMENT * len(batch.documents) + len(batch.done) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        batch, self._batch = self._batch, _Batch()
        self._fresh.load(
            segments=batch.segments,
            captures=batch.captures,
            documents=batch.documents,
            done=batch.done,
        )


def _files_of(found: SegmentObjects, spooled: set[str]) -> Iterator[str]:
    """The WARC first, then texts; without what is being uploaded: it is still in a spool."""
    there = found.objects.keys()
    if found.manifest in there or (found.filename in there and found.filename not in spooled):
        yield found.filename
    for text in found.texts:
        if sibling(text, "jsonl") in there or text not in spooled:
            yield text


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
