"""Fixity: storage is read again and compared with manifests, records, CDXJ and index."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import socket
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from archive.cdxj import from_line
from archive.collection import Collection
from archive.errors import (
    ArchiveError,
    DigestMismatch,
    KeyInvalid,
    KeyMissing,
    RecordError,
)
from archive.model import Capture
from archive.names import key_of, segment_of, sibling
from archive.recovery import Contents, read_contents, read_documents
from archive.warc.reading import read_members

_PREFIXES = ("warc/", "cdxj/", "text/", "manifests/")

Kind = Literal["bad", "missing", "orphan"]


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
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Read every sealed segment (or `sample` of them, drawn at random) and this machine's spool.

    `progress` is told how many manifests of how many are done. Raises StoreError and IndexFailure
    only where the store or the index as a whole cannot be used.
    """
    report = Report()
    present = {
        Path(stored.key).name: stored.key
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
        _unnamed(report, present, named)
        _unstored(collection, report, present)
    return report


def _unnamed(report: Report, present: dict[str, str], named: set[str]) -> None:
    for name, key in present.items():
        if name not in named and not key.startswith("manifests/"):
            report.add("orphan", name, "no manifest names this object")


def _unstored(collection: Collection, report: Report, present: dict[str, str]) -> None:
    for segment in collection.index.segments("stored"):
        if segment.filename not in present:
            report.add("missing", segment.filename, "the index says that it is stored")


def _spooled(collection: Collection, report: Report) -> None:
    """Captures that are only in this machine's spool so far are read one by one."""
    for segment in collection.index.segments("spooled"):
        if segment.node != socket.gethostname():
            continue
        for capture in collection.index.captures_of(segment.filename):
            report.records += 1
            try:
                memento = collection.open(capture)
                memento.record.check_block()
                _ = memento.payload
            except (ArchiveError, OSError) as error:
                report.add("bad", _place(capture), str(error))


class _Audit:
    """The objects of one manifest."""

    def __init__(
        self, collection: Collection, report: Report, present: dict[str, str], folder: Path
    ) -> None:
        self._collection = collection
        self._report = report
        self._present = present
        self._folder = folder

    def manifest(self, name: str) -> set[str]:
        """Check everything that a manifest speaks of; the names of its objects."""
        self._report.objects += 1
        try:
            lines = [
                json.loads(line) for line in self._collection.store.get(key_of(name)).splitlines()
            ]
            objects = [line for line in lines if "object" in line]
            names = {str(line["object"]) for line in objects}
            good = {line["object"] for line in objects if self._object(line)}
        except (ValueError, KeyError, KeyInvalid) as error:
            self._report.add("bad", name, f"the manifest cannot be read: {error}")
            return set()
        for found in sorted(good):
            if found.endswith(".warc.gz"):
                self._segment(found, [line for line in lines if "record" in line])
            elif found.endswith(".jsonl.gz"):
                self._documents(found)
        return names

    def _object(self, line: dict[str, Any]) -> bool:
        """Fetch the object into the folder; whether it is what the manifest says."""
        name = str(line["object"])
        if name not in self._present:
            self._report.add("missing", name, "its manifest names it")
            return False
        self._report.objects += 1
        digest, size = hashlib.sha256(), 0
        try:
            with (self._folder / name).open("wb") as file:
                for piece in self._collection.store.stream(self._present[name]):
                    digest.update(piece)
                    size += len(piece)
                    file.write(piece)
        except KeyMissing:
            self._report.add("missing", name, "its manifest names it")
            return False
        if (size, digest.hexdigest()) != (line["size"], line["sha256"]):
            self._report.add("bad", name, "its bytes are not those that its manifest names")
            # Read on: which records are touched is worth knowing.
            return name.endswith(".warc.gz")
        return True

    def _segment(self, name: str, noted: list[dict[str, Any]]) -> None:
        path = self._folder / name
        contents = read_contents(path, name)
        self._report.records += len(contents.entries)
        if contents.damage:
            self._report.add("bad", name, contents.damage)
        found = [json.loads(entry.line()) for entry in contents.entries]
        self._compare(
            "record",
            {_key(line): line for line in noted},
            {_key(line): line for line in found},
            name,
        )
        self._digests(path)
        self._cdxj(name, contents)
        self._rows(name, contents)

    def _digests(self, path: Path) -> None:
        try:
            for member in read_members(path):
                try:
                    member.record.check_block()
                except DigestMismatch as error:
                    self._report.add("bad", f"{path.name} at {member.offset}", str(error))
        except RecordError:
            return  # said already by `_segment`

    def _cdxj(self, name: str, contents: Contents) -> None:
        cdxj = self._folder / sibling(name, "cdxj.gz")
        if not cdxj.exists():
            return
        try:
            lines = gzip.decompress(cdxj.read_bytes()).decode().splitlines()
            noted = [from_line(line) for line in lines]
        except (ArchiveError, ValueError, OSError, EOFError) as error:
            self._report.add("bad", cdxj.name, f"cannot be read: {error}")
            return
        self._compare("CDXJ line", _by_offset(noted), _by_offset(contents.captures), name)

    def _rows(self, name: str, contents: Contents) -> None:
        rows = _by_offset(self._collection.index.captures_of(name))
        self._compare("index row", rows, _by_offset(contents.captures), name)

    def _compare(self, what: str, noted: dict[Any, Any], found: dict[Any, Any], name: str) -> None:
        for key in sorted(noted.keys() - found.keys()):
            self._report.add("missing", f"{name} at {key}", f"a {what} names a record here")
        for key in sorted(found.keys() - noted.keys()):
            self._report.add("orphan", f"{name} at {key}", f"the record has no {what}")
        for key in sorted(found.keys() & noted.keys()):
            if noted[key] != found[key]:
                self._report.add("bad", f"{name} at {key}", f"the {what} and the record differ")

    def _documents(self, name: str) -> None:
        try:
            for document in read_documents(self._folder / name):
                if document.filename != segment_of(name):
                    self._report.add("bad", name, f"has a document of {document.filename}")
        except (RecordError, OSError) as error:
            self._report.add("bad", name, str(error))


def _key(line: dict[str, Any]) -> int:
    return int(line["offset"])


def _by_offset(captures: Iterable[Capture]) -> dict[int, Capture]:
    return {capture.offset: capture for capture in captures}


def _place(capture: Capture) -> str:
    return f"{capture.filename} at {capture.offset}"
