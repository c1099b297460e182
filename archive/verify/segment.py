"""One segment: each of its manifests, the objects that these name, and its rows in the index."""

from __future__ import annotations

from archive.cdxj import from_line
from archive.collection import Collection
from archive.errors import KeyMissing, ObjectDamaged, RecordError, SegmentUnknown
from archive.manifests import Manifest, parse_manifest
from archive.names import Ending, key_of, sibling
from archive.objects import SegmentObjects
from archive.verify.fetching import Fetch
from archive.verify.report import Report
from archive.verify.texts import Rows, TextAudit, rows_of
from archive.verify.warc import Said, WarcAudit, Witness, said_of_captures
from archive.warc.gzip import packed_members_of

_NAMED: tuple[Ending, ...] = ("cdxj.gz", "warc.gz", "jsonl.gz")


def own_of(manifest: str) -> set[str]:
    """Names of what a manifest of that name may vouch for. Raises KeyInvalid."""
    return {sibling(manifest, ending) for ending in _NAMED} - {manifest}


class SegmentAudit:
    """Its methods raise StoreError and IndexFailure where the whole of either cannot be used."""

    def __init__(self, collection: Collection, report: Report, found: SegmentObjects) -> None:
        self._store = collection.store
        self._index = collection.index
        self._report = report
        self._found = found
        self._rows: Rows | None = None
        self._known: bool | None = None
        self.named: set[str] = set()  #: objects that a manifest names, or would if it were whole

    def manifest(self, name: str) -> None:
        """Check everything that a manifest speaks of."""
        own = own_of(name)
        self._report.objects += 1
        try:
            manifest = parse_manifest(self._store.get(key_of(name)), name)
        except KeyMissing:
            self._report.add("missing", name, "it was listed, and is not there")
            return
        except (RecordError, ObjectDamaged) as error:
            self._report.add("bad", name, str(error))
            self.named |= own
            return
        for odd in sorted(manifest.objects.keys() - own):
            self._report.add("bad", name, f"the manifest names {odd!r}, which is of another")
        named = own & manifest.objects.keys()
        self.named |= named
        witnesses: dict[Witness, Said] = {}
        for object_name in sorted(named):  # the CDXJ before the WARC
            fetch = self._fetch(object_name)
            if fetch is None:
                continue
            if object_name.endswith(".cdxj.gz"):
                self._cdxj(object_name, fetch, manifest, witnesses)
            elif object_name.endswith(".warc.gz"):
                self._warc(object_name, fetch, manifest, witnesses)
            else:
                self._text(object_name, fetch, manifest)

    def stray_runs(self) -> set[str]:
        """Runs of documents in the index of which the store has neither text nor manifest."""
        if not self._in_index():
            return set()
        known = {name.split(".")[1] for name in self._found.texts}
        return {run for run, _ in self._documents().values()} - known

    def _fetch(self, name: str) -> Fetch | None:
        try:
            fetch = Fetch(self._store, key_of(name))
        except KeyMissing:
            self._report.add("missing", name, "its manifest names it")
            return None
        self._report.objects += 1
        return fetch

    def _whole(self, name: str, fetch: Fetch, manifest: Manifest) -> bool:
        """Read the object to its end; whether it is what the manifest says."""
        digest = fetch.sha256()
        good = not fetch.noticed and manifest.names(name, fetch.size, digest)
        if name.endswith(".jsonl.gz"):
            good = good and manifest.objects[name].get("segment") == self._found.filename
        if not good:
            self._report.add("bad", name, "its bytes are not those that its manifest names")
            return False
        return True

    def _cdxj(
        self, name: str, fetch: Fetch, manifest: Manifest, witnesses: dict[Witness, Said]
    ) -> None:
        try:
            lines = b"".join(text for _, _, text in packed_members_of(fetch.read, name)).split(
                b"\n"
            )
            captures = [from_line(line.decode("ascii")) for line in lines[:-1]]
            damage = None if lines == [*sorted(lines[:-1]), b""] else "its lines are not in order"
        except (RecordError, UnicodeDecodeError) as error:
            captures, damage = [], f"it cannot be read: {error}"
        if not self._whole(name, fetch, manifest):
            return
        if damage:
            self._report.add("bad", name, damage)
        if captures:
            witnesses["line of the CDXJ"] = said_of_captures(captures)

    def _warc(
        self, name: str, fetch: Fetch, manifest: Manifest, witnesses: dict[Witness, Said]
    ) -> None:
        if self._in_index():
            witnesses["row of the index"] = said_of_captures(self._index.captures_of(name))
        else:
            self._report.add("unindexed", name, "the index does not know this segment")
        WarcAudit(self._report, name, manifest.records, witnesses).read(fetch)
        self._whole(name, fetch, manifest)

    def _text(self, name: str, fetch: Fetch, manifest: Manifest) -> None:
        # What it says of itself counts for nothing where it is not what was written.
        own = Report()
        audit = TextAudit(own, name)
        audit.read(fetch)
        if not self._whole(name, fetch, manifest):
            return
        if self._in_index():
            audit.compare(self._documents())
        for finding in own.findings:
            self._report.add(finding.kind, finding.name, finding.detail)

    def _in_index(self) -> bool:
        if self._known is None:
            try:
                self._index.segment(self._found.filename)
                self._known = True
            except SegmentUnknown:
                self._known = False
        return self._known

    def _documents(self) -> Rows:
        if self._rows is None:
            self._rows = rows_of(self._index, self._found.filename)
        return self._rows
