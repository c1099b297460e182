"""Fixity: storage is read again and compared with manifests, records, CDXJ and index."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from archive.cdxj import CdxjError
from archive.collection import Collection
from archive.contents import Contents, read_cdxj, read_contents, read_documents
from archive.errors import (
    ArchiveError,
    DigestMismatch,
    KeyInvalid,
    KeyMissing,
    ObjectDamaged,
    RecordError,
    SegmentUnknown,
)
from archive.model import Capture, Segment
from archive.names import Ending, key_of, segment_of, sibling
from archive.warc.captures import check_payload
from archive.warc.reading import read_members

# In an upload manifests come last: what one names that is listed first is listed too.
_PREFIXES = ("manifests/", "warc/", "cdxj/", "text/")
_NAMED: tuple[Ending, ...] = ("warc.gz", "cdxj.gz", "jsonl.gz")

Kind = Literal["bad", "missing", "orphan"]
Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    kind: Kind  #: bad: bytes or fields differ; missing: named but not there; orphan: there, unnamed
    name: str  #: file name, or file name and offset
    detail: str  #: one sentence


@dataclass(slots=True, kw_only=True)
class Report:
    """What an audit has read and found."""

    objects: int = 0  #: objects of the store that were read whole
    records: int = 0  #: WARC records read
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: Kind, name: str, detail: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(kind=kind, name=name, detail=detail))

    def to_json(self) -> dict[str, Any]:
        """`objects records bad missing orphans` as numbers, and the findings."""
        kinds = [finding.kind for finding in self.findings]
        return {
            "objects": self.objects,
            "records": self.records,
            "bad": kinds.count("bad"),
            "missing": kinds.count("missing"),
            "orphans": kinds.count("orphan"),
            "findings": [asdict(finding) for finding in self.findings],
        }


def verify(
    collection: Collection,
    *,
    sample: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """Read what every manifest (or `sample` of them, drawn at random) names, and our own spool.

    `progress` is told how many manifests of how many are done. Raises StoreError and IndexFailure
    only where the store or the index as a whole cannot be used.
    """
    report = Report()
    # Looked up before the objects are listed: what is stored in between is no matter of ours.
    stored_segments = collection.index.segments("stored")
    present = {
        stored.key.rpartition("/")[2]: stored.key
        for prefix in _PREFIXES
        for stored in collection.store.list(prefix)
    }
    manifests = [name for name, key in present.items() if key.startswith("manifests/")]
    if sample is not None:
        manifests = random.sample(manifests, min(sample, len(manifests)))
    named: set[str] = set()
    for number, manifest in enumerate(manifests):
        progress(number, len(manifests))
        with tempfile.TemporaryDirectory() as folder:
            named |= _Audit(collection, report, present, Path(folder)).manifest(manifest)
    progress(len(manifests), len(manifests))
    _spooled(collection, report)
    if sample is None:
        _unnamed(collection, report, present, named)
        _unstored(stored_segments, report, present)
    return report


def _unnamed(
    collection: Collection, report: Report, present: Mapping[str, str], named: set[str]
) -> None:
    for name, key in present.items():
        if key.startswith("manifests/") or name in named:
            continue
        if not _under_way(collection, name, present):
            report.add("orphan", name, "no manifest names this object")


def _under_way(collection: Collection, name: str, present: Mapping[str, str]) -> bool:
    """Whether the object is of an upload that goes on, or has ended since we listed."""
    try:
        manifest = sibling(name, "jsonl")
        if manifest in present:
            return False
        if collection.index.segment(segment_of(name)).state == "spooled":
            return True
        collection.store.head(key_of(manifest))
    except (KeyInvalid, KeyMissing, SegmentUnknown):
        return False
    return True


def _unstored(segments: Iterable[Segment], report: Report, present: Mapping[str, str]) -> None:
    said = {finding.name for finding in report.findings if finding.kind == "missing"}
    for segment in segments:
        name = segment.filename
        if name not in present and name not in said:
            report.add("missing", name, "the index says that it is stored")


def _spooled(collection: Collection, report: Report) -> None:
    """Captures that are only in this machine's spool so far are read one by one."""
    for segment in collection.index.segments("spooled"):
        if segment.node != socket.gethostname():
            continue
        for capture in collection.index.captures_of(segment.filename):
            report.records += 1
            try:
                _ = collection.open(capture).payload
            except ArchiveError as error:
                report.add("bad", _place(capture), str(error))


class _Audit:
    """The objects of one manifest."""

    def __init__(
        self,
        collection: Collection,
        report: Report,
        present: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._collection = collection
        self._report = report
        self._present = present
        self._folder = folder

    def manifest(self, name: str) -> set[str]:
        """Check everything that a manifest speaks of; the names of the objects that are its own."""
        self._report.objects += 1
        try:
            own = {sibling(name, ending) for ending in _NAMED}
        except KeyInvalid:
            self._report.add("orphan", name, "this is not the name of a manifest")
            return set()
        try:
            objects, records = _parse(self._collection.store.get(self._present[name]))
        except (ValueError, KeyError, TypeError, ObjectDamaged) as error:
            self._report.add("bad", name, f"the manifest cannot be read: {error!r}")
            return own
        for odd in sorted(objects.keys() - own):
            self._report.add("bad", name, f"the manifest names {odd!r}, which is of another")
        good = {found for found in sorted(own & objects.keys()) if self._object(objects[found])}
        for found in sorted(own & objects.keys()):
            # A WARC also when it is not good: which records are touched is worth knowing.
            if found.endswith(".warc.gz") and (self._folder / found).exists():
                self._segment(found, records)
            elif found.endswith(".jsonl.gz") and found in good:
                self._documents(found)
        return own & objects.keys()

    def _object(self, line: Line) -> bool:
        """Fetch the object into the folder; whether it is what the manifest says."""
        name = line["object"]
        if name not in self._present:
            self._report.add("missing", name, "its manifest names it")
            return False
        self._report.objects += 1
        path = self._folder / name
        digest, size, whole = hashlib.sha256(), 0, True
        try:
            with path.open("wb") as file:
                for piece in self._collection.store.stream(self._present[name]):
                    digest.update(piece)
                    size += len(piece)
                    file.write(piece)
        except KeyMissing:
            path.unlink()
            self._report.add("missing", name, "its manifest names it")
            return False
        except ObjectDamaged:
            # The store noticed it too; all bytes have come before it says so.
            whole = False
        facts: Line = {"object": name, "size": size, "sha256": digest.hexdigest()}
        if name.endswith(".jsonl.gz"):
            facts["segment"] = segment_of(name)
        if not whole or any(line.get(field) != value for field, value in facts.items()):
            self._report.add("bad", name, "its bytes are not those that its manifest names")
            return False
        return True

    def _segment(self, name: str, noted: dict[int, Line]) -> None:
        path = self._folder / name
        contents = read_contents(path, name)
        self._report.records += len(contents.entries)
        if contents.damage:
            self._report.add("bad", name, contents.damage)
        found = {entry.offset: json.loads(entry.line()) for entry in contents.entries}
        self._compare("line of the manifest", noted, found, name)
        self._digests(path)
        self._cdxj(name, contents)
        self._rows(name, contents)

    def _digests(self, path: Path) -> None:
        try:
            for member in read_members(path):
                try:
                    member.record.check_block()
                    check_payload(member.record)
                except DigestMismatch as error:
                    self._report.add("bad", f"{path.name} at {member.offset}", str(error))
        except RecordError:
            return  # said already by `_segment`

    def _cdxj(self, name: str, contents: Contents) -> None:
        cdxj = self._folder / sibling(name, "cdxj.gz")
        if not cdxj.exists():
            return
        try:
            noted = read_cdxj(cdxj)
        except (RecordError, CdxjError) as error:
            self._report.add("bad", cdxj.name, f"cannot be read: {error}")
            return
        self._compare("line of the CDXJ", _by_offset(noted), _by_offset(contents.captures), name)

    def _rows(self, name: str, contents: Contents) -> None:
        rows = _by_offset(self._collection.index.captures_of(name))
        self._compare("row of the index", rows, _by_offset(contents.captures), name)

    def _documents(self, name: str) -> None:
        try:
            documents = {found.offset: found for found in read_documents(self._folder / name)}
        except RecordError as error:
            self._report.add("bad", name, str(error))
            return
        run = max((document.run for document in documents.values()), default="")
        rows = {row.offset: row for row in self._collection.index.documents(segment_of(name))}
        replaced = {offset for offset, row in rows.items() if row.run > run}
        self._compare(
            "document in the index",
            {offset: row for offset, row in rows.items() if row.run == run},
            {offset: found for offset, found in documents.items() if offset not in replaced},
            name,
        )

    def _compare(
        self, what: str, noted: Mapping[int, object], found: Mapping[int, object], name: str
    ) -> None:
        for offset in sorted(noted.keys() - found.keys()):
            self._report.add("missing", f"{name} at {offset}", f"there is only a {what}")
        for offset in sorted(found.keys() - noted.keys()):
            self._report.add("orphan", f"{name} at {offset}", f"there is no {what}")
        for offset in sorted(found.keys() & noted.keys()):
            if noted[offset] != found[offset]:
                self._report.add("bad", f"{name} at {offset}", f"the {what} says something else")


def _parse(manifest: bytes) -> tuple[dict[str, Line], dict[int, Line]]:
    """Lines of objects by their names and of records by their offsets.

    Raises ValueError, KeyError or TypeError when it is no manifest.
    """
    objects: dict[str, Line] = {}
    records: dict[int, Line] = {}
    for line in map(json.loads, manifest.splitlines()):
        if "object" in line:
            objects[str(line["object"])] = line
        else:
            records[int(line["offset"])] = line
    return objects, records


def _by_offset(captures: Iterable[Capture]) -> dict[int, Capture]:
    return {capture.offset: capture for capture in captures}


def _place(capture: Capture) -> str:
    return f"{capture.filename} at {capture.offset}"
