"""What must be true of a home and its collection after any fault, and what already before recovery.

`check_crash` looks at what a dead process left, `check` at what recovery made of it; History
watches over the objects between looks. All raise Violation with everything that they found.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.collection import Collection
from archive.documents import text_digest
from archive.errors import ArchiveError, KeyMissing
from archive.index import Index
from archive.index.export import export
from archive.model import Capture
from archive.names import key_of
from archive.rebuild import rebuild
from archive.store.base import Store
from archive.store.local import LocalStore
from archive.verify import verify
from archive.warc.reading import read_members
from tests.faults.acks import Ack

PREFIXES = ("manifests/", "warc/", "cdxj/", "text/")


class Violation(AssertionError):
    """An invariant is broken. Not raised for a harness or a process that failed in another way."""

    def __init__(self, found: Iterable[str]) -> None:
        self.found = list(found)
        super().__init__("\n".join(["", *self.found[:20]]))


class History:
    """The sha256 of every object that was ever seen in a store: none may change or go."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def look(self, store: Store) -> None:
        """Compare with what was seen before, and remember. Raises Violation."""
        now = {key: _sha256(store, key) for key in _keys(store)}
        found = [
            f"the object {key} was {'overwritten' if key in now else 'removed'}"
            for key, digest in self._seen.items()
            if now.get(key) != digest
        ]
        if found:
            raise Violation(found)
        self._seen |= now

    def forget(self, key: str) -> None:
        """The harness itself takes that object away."""
        del self._seen[key]


def check_crash(
    home: Path, acks: Iterable[Ack], *, store: Store | None = None, index_url: str | None = None
) -> None:
    """The store alone keeps what was called stored, and manifests vouch only for what is there.

    What was called spooled is in the index, where there still is one. Raises Violation.
    """
    store = store or LocalStore(home / "collection")
    keys = set(_keys(store))
    found = []
    for key in keys:
        if key.startswith("manifests/"):
            for line in map(json.loads, store.get(key).splitlines()):
                name = line.get("object")
                if name is not None and not _holds(store, keys, key_of(name), line["sha256"]):
                    found.append(f"{key} vouches for {name}, which is not there as it says")
    acks = list(acks)
    stored = {ack.filename for ack in acks if ack.kind == "stored"}
    if index_url is not None or (home / "index.db").exists():
        index = Index(index_url or f"sqlite:///{home}/index.db")
        stored |= {segment.filename for segment in index.segments("stored")}
        rows = _rows(index)
        index.close()
        found += [
            f"{ack.url} was said to be spooled before it was indexed"
            for ack in acks
            if ack.kind == "spooled" and (ack.filename, ack.offset) not in rows
        ]
    found += [
        f"{name} is said to be stored, and {wanted} is not in the store"
        for name in stored
        for wanted in (key_of(name), key_of(name.replace(".warc.gz", ".jsonl")))
        if wanted not in keys
    ]
    if found:
        raise Violation(found)


def check(
    home: Path,
    acks: Iterable[Ack],
    *,
    store: Store | None = None,
    index_url: str | None = None,
    uploaded: bool = True,
) -> None:
    """After recovery: nothing lost, doubled, orphaned, unreadable; a rebuilt index is the same.

    `uploaded`: the store could be reached, so nothing may be left in the spool. Raises Violation.
    """
    collection = Collection(
        store or LocalStore(home / "collection"), Index(index_url or f"sqlite:///{home}/index.db")
    )
    try:
        found = [
            *_promises(collection, acks, uploaded=uploaded),
            *records(collection),
            *(
                f"verify: {one.kind} {one.name}: {one.detail}"
                for one in verify(collection).findings
            ),
        ]
        if uploaded:
            found += [f"left in the spool: {path.name}" for path in spooled(home)]
            found += _rebuilt(collection)
    finally:
        collection.close()
    if found:
        raise Violation(found)


def _promises(collection: Collection, acks: Iterable[Ack], *, uploaded: bool) -> Iterator[str]:
    rows = _rows(collection.index)
    states = {segment.filename: segment.state for segment in collection.index.segments()}
    for ack in acks:
        if ack.kind == "stored":
            if states.get(ack.filename) != "stored":
                yield f"lost: the index does not know that {ack.filename} is stored"
            continue
        what = f"{ack.url} ({ack.filename} at {ack.offset})"
        capture = rows.get((ack.filename, ack.offset))
        if capture is None or capture.url != ack.url:
            yield f"lost: {what} was {ack.kind}, the index has {capture}"
            continue
        if uploaded and states[ack.filename] != "stored":
            yield f"left: {what} is not stored"
        try:
            if ack.kind == "spooled":
                block = collection.open(capture).record.block
                if hashlib.sha256(block).hexdigest() != ack.digest:
                    yield f"lost: the archive has other bytes than were received of {what}"
            else:
                document = collection.document(capture)
                if document is None or text_digest(document.article.text) != ack.digest:
                    yield f"lost: the document of {what}"
        except ArchiveError as error:
            yield f"unreadable: {what}: {error}"


def _rows(index: Index) -> dict[tuple[str, int], Capture]:
    return {
        (capture.filename, capture.offset): capture
        for segment in index.segments()
        for capture in index.captures_of(segment.filename)
    }


def records(collection: Collection) -> Iterator[str]:
    """Every response and revisit of every sealed WARC has one row, every row its record."""
    store, ids = collection.store, Counter[str]()
    for stored in store.list("warc/"):
        name = Path(stored.key).name
        in_file: list[tuple[int, int, str]] = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(store.get(stored.key))
            end = 0
            try:
                for member in read_members(path):
                    member.record.check_block()
                    end = member.offset + member.length
                    if member.record.type in ("response", "revisit"):
                        in_file.append((member.offset, member.length, member.record.record_id))
            except ArchiveError as error:
                yield f"unreadable: {name} after byte {end}: {error}"
        rows = [
            (capture.offset, capture.length, capture.record_id)
            for capture in collection.index.captures_of(name)
        ]
        ids.update(record_id for _, _, record_id in in_file)
        for _, _, record_id in set(in_file) - set(rows):
            yield f"orphan: {record_id} of {name} has no row"
        for _, _, record_id in set(rows) - set(in_file):
            yield f"ghost: a row of {name} speaks of {record_id}, which is not there"
        if len(rows) != len(set(rows)):
            yield f"double: {name} has {len(rows)} rows for {len(set(rows))} records"
    for record_id, times in ids.items():
        if times > 1:
            yield f"double: {record_id} stands in {times} places"


def _rebuilt(collection: Collection) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/index.db"
        unread = rebuild(collection.store, url, home=Path(folder))
        new = Index(url)
        try:
            live, again = Counter(export(collection.index)), Counter(export(new))
        finally:
            new.close()
    yield from (f"rebuild could not read {line}" for line in unread)
    yield from (
        f"a rebuilt index does not have {line}" for line in sorted((live - again).elements())
    )
    yield from (f"only a rebuilt index has {line}" for line in sorted((again - live).elements()))


def spooled(home: Path) -> list[Path]:
    """Whatever lies in spools, but for their locks."""
    found = (home / "spool").glob("*/*")
    return sorted(path for path in found if path.name != "lock")


def _keys(store: Store) -> Iterator[str]:
    for prefix in PREFIXES:
        for stored in store.list(prefix):
            yield stored.key


def _sha256(store: Store, key: str) -> str:
    digest = hashlib.sha256()
    for piece in store.stream(key):
        digest.update(piece)
    return digest.hexdigest()


def _holds(store: Store, keys: set[str], key: str, sha256: str) -> bool:
    try:
        return key in keys and _sha256(store, key) == sha256
    except KeyMissing:
        return False
