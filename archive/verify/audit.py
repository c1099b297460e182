"""The walk through a collection: segments of the store, what the index alone has, the spool."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from archive.collection import Collection
from archive.errors import (
    ContentError,
    KeyInvalid,
    KeyMissing,
    ObjectDamaged,
    RecordError,
    SegmentUnknown,
    StoreUnavailable,
)
from archive.manifests import parse_manifest
from archive.model import Segment
from archive.names import key_of, segment_of, sibling, text_of
from archive.objects import SegmentObjects, segments_of
from archive.progress import Advance, unseen
from archive.spool import sealed_name
from archive.spooled import LATE, spooled_files
from archive.store.base import Store, StoredObject
from archive.timestamps import now, to_long_timestamp
from archive.verify.decisions import audit_decisions
from archive.verify.report import Report
from archive.verify.segment import SegmentAudit


def verify(
    collection: Collection,
    *,
    home: Path | None = None,
    sample: int | None = None,
    advance: Advance = unseen,
    cancelled: Callable[[], bool] = lambda: False,
) -> Report:
    """Read what every manifest (or `sample` of them, drawn at random) names, and our own spool.

    `home`: where this machine spools, so that an upload under way is known for one. `advance` is
    told how many manifests of how many are done; `cancelled` is asked between them, and the report
    says whether it was obeyed. Holds the records of one segment in memory at a time. Raises
    StoreError and IndexFailure only where the store or the index as a whole cannot be used.
    """
    return _Walk(collection, home, advance, cancelled).run(sample)


class _Walk:
    def __init__(
        self,
        collection: Collection,
        home: Path | None,
        advance: Advance,
        cancelled: Callable[[], bool],
    ) -> None:
        self._collection = collection
        self._store: Store = collection.store
        self._home = home
        self._advance = advance
        self._cancelled = cancelled
        self._report = Report()
        self._seen: set[int] = set()  # hashes of names of WARCs that are there, or were missed
        self._suspects: list[str] = []  # objects that no manifest named when we looked
        self._done = 0
        self._total = 0

    def run(self, sample: int | None) -> Report:
        # Looked up before the objects are listed: what is stored in between is no matter of ours.
        stored = self._collection.index.segments("stored")
        manifests = (found.key for found in self._store.list("manifests/"))
        if sample is None:
            self._total = sum(1 for _ in manifests)
            segments: Iterable[SegmentObjects | str] = segments_of(self._store)
        else:
            drawn = _draw(manifests, sample)
            self._total = len(drawn)
            segments = _alone(drawn)
        for found in segments:
            if not self._go_on():
                return self._report
            if isinstance(found, str):
                self._report.add("orphan", found, "no file of a collection is called so there")
            else:
                self._segment(found, whole=sample is None)
        if sample is None:
            self._unstored(stored)
            for name in self._suspects:
                self._orphan(name)
        self._advance(self._done, self._done)
        audit_decisions(self._collection, self._report)
        self._spooled()
        return self._report

    def _go_on(self) -> bool:
        if self._cancelled():
            self._report.complete = False
        return self._report.complete

    def _segment(self, found: SegmentObjects, *, whole: bool) -> None:
        if {found.filename, found.manifest} & found.objects.keys():
            self._seen.add(hash(found.filename))
        audit = SegmentAudit(self._collection, self._report, found)
        manifests = [
            name for name in (found.manifest, *found.text_manifests) if name in found.objects
        ]
        for name in manifests:
            if not self._go_on():
                return
            self._advance(self._done, max(self._done, self._total))
            self._done += 1
            audit.manifest(name)
        if whole:
            self._suspects += sorted(found.objects.keys() - audit.named - set(manifests))
            for run in audit.stray_runs():
                self._stray(found.filename, run)

    def _stray(self, segment: str, run: str) -> None:
        """A run that the index has documents of, and the store no object."""
        name = text_of(segment, run)
        late = run < to_long_timestamp(now() - LATE)
        if late and not self._in_spool(name) and not self._exists(name):
            self._report.add("missing", name, "the index alone has the documents of this run")

    def _orphan(self, name: str) -> None:
        """Look again: an upload may have been under way, or have ended since we listed."""
        if self._in_spool(name):
            return
        try:
            if self._collection.index.segment(segment_of(name)).state == "spooled":
                return
        except SegmentUnknown:
            pass
        if self._named_by_now(name):
            return
        self._report.add("orphan", name, "no manifest names this object")

    def _named_by_now(self, name: str) -> bool:
        manifest = sibling(name, "jsonl")
        try:
            return name in parse_manifest(self._store.get(key_of(manifest)), manifest).objects
        except (KeyMissing, RecordError, ObjectDamaged):
            return False

    def _unstored(self, stored: Iterable[Segment]) -> None:
        for segment in stored:
            if hash(segment.filename) not in self._seen and not self._exists(segment.filename):
                self._report.add("missing", segment.filename, "the index says that it is stored")

    def _exists(self, name: str) -> bool:
        try:
            self._store.head(key_of(name))
        except (KeyInvalid, KeyMissing):
            return False
        return True

    def _in_spool(self, name: str) -> bool:
        if self._home is None:
            return False
        sealed = {sibling(name, "warc.gz"), sibling(name, "jsonl.gz")}
        return any(sealed_name(path) in sealed for path in spooled_files(self._home))

    def _spooled(self) -> None:
        """Captures that are only in this machine's spool so far are read one by one."""
        for segment in self._collection.index.segments("spooled"):
            if segment.node != socket.gethostname():
                continue
            for capture in self._collection.index.captures_of(segment.filename):
                if not self._go_on():
                    return
                self._report.records += 1
                place = f"{capture.filename} at {capture.offset}"
                try:
                    _ = self._collection.open(capture).payload
                except (RecordError, ContentError, KeyMissing, ObjectDamaged) as error:
                    self._report.add("bad", place, str(error))
                except StoreUnavailable as error:
                    # Raises when that is the store; else it is this spool, or another machine's.
                    self._store.check(writing=False)
                    self._report.add("bad", place, str(error))


def _draw(keys: Iterable[str], most: int) -> list[str]:
    """So many of them at random, each as likely, however many there are (Vitter's algorithm R)."""
    drawn: list[str] = []
    for number, key in enumerate(keys):
        if number < most:
            drawn.append(key)
        elif (place := random.randrange(number + 1)) < most:  # noqa: S311 - a sample, no secret
            drawn[place] = key
    return sorted(drawn, key=_name)


def _alone(manifests: Iterable[str]) -> Iterator[SegmentObjects | str]:
    """Segments of which nothing but these manifests is known."""
    for key in manifests:
        stored = StoredObject(key=key, size=0, sha256=None)
        try:
            yield SegmentObjects(filename=segment_of(_name(key)), objects={_name(key): stored})
        except KeyInvalid:
            yield key


def _name(key: str) -> str:
    return key.rpartition("/")[2]
