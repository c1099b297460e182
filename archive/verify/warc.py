"""The records of one WARC, in one pass: whole, as they say themselves, as others say of them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Literal

from archive.contents import RecordReader
from archive.errors import DigestMismatch, RecordError
from archive.manifests import Line
from archive.model import Capture
from archive.verify.fetching import Fetch
from archive.verify.report import Kind, Report
from archive.warc.captures import check_payload
from archive.warc.gzip import packed_members_of
from archive.warc.reading import Member, read_record

Witness = Literal["line of the manifest", "line of the CDXJ", "row of the index"]
Said = dict[int, int]
"""What a witness says of the record at an offset, as a hash: little enough for a whole segment."""

_UNNAMED: dict[Witness, Kind] = {
    "line of the manifest": "orphan",
    "line of the CDXJ": "orphan",
    "row of the index": "unindexed",
}


def said_of_captures(captures: Iterable[Capture]) -> Said:
    """What lines of a CDXJ or rows of the index say."""
    return {capture.offset: hash(capture) for capture in captures}


class WarcAudit:
    """The WARC of one segment against its manifest, and against who else speaks of its captures."""

    def __init__(
        self, report: Report, name: str, lines: Mapping[int, Line], witnesses: dict[Witness, Said]
    ) -> None:
        """`lines` are those of the manifest, by offset; `witnesses` is used up."""
        self._report = report
        self._name = name
        self._places = list(
            _apart((offset, int(lines[offset]["length"])) for offset in sorted(lines))
        )
        self._stated = lines
        self._lines = {offset: hash(_text(line)) for offset, line in lines.items()}
        self._witnesses = witnesses
        self._reader = RecordReader(name)

    def read(self, fetch: Fetch) -> None:
        """Read the object to its end; report what is not as it should be. Raises StoreError."""
        for offset, packed, content in self._members(fetch):
            self._record(offset, packed, content)
        self._only("line of the manifest", self._lines)
        for witness, said in self._witnesses.items():
            self._only(witness, said)

    def _members(self, fetch: Fetch) -> Iterator[tuple[int, bytes, bytes]]:
        """Whole members. Where the manifest says they are, so that one that is damaged hides no
        other; what lies between and behind is looked through as it comes."""
        for offset, length in self._places:
            yield from self._between(fetch, offset)
            packed = fetch.take(length)
            if not packed:
                break  # `_only` will say that nothing is there
            try:
                content = _unpack(packed)
            except RecordError as error:
                self._unreadable(offset, str(error))
            else:
                yield offset, packed, content
        yield from self._between(fetch, None)

    def _between(self, fetch: Fetch, end: int | None) -> Iterator[tuple[int, bytes, bytes]]:
        start = fetch.size

        def read(most: int) -> bytes:
            return fetch.read(most if end is None else min(most, end - fetch.size))

        try:
            for offset, packed, content in packed_members_of(read, self._name):
                yield start + offset, packed, content
        except RecordError:
            self._report.add(
                "bad", self._place(start), "behind this are bytes that are no whole record"
            )
        if end is not None:
            fetch.take(end - fetch.size)

    def _record(self, offset: int, packed: bytes, content: bytes) -> None:
        self._report.records += 1
        try:
            record = read_record(content, where="it")
            member = Member(offset=offset, length=len(packed), record=record)
            entry, capture = self._reader.take(member, hashlib.sha256(packed).hexdigest())
        except RecordError as error:
            self._unreadable(offset, str(error))
            return
        try:
            record.check_block()
            check_payload(record)
        except DigestMismatch as error:
            self._bad(offset, str(error))
        self._compare("line of the manifest", self._lines, offset, hash(_text(entry.line())))
        if capture is not None:
            for witness, said in self._witnesses.items():
                self._compare(witness, said, offset, hash(capture))

    def _compare(self, witness: Witness, said: Said, offset: int, found: int) -> None:
        stated = said.pop(offset, None)
        if stated is None:
            self._report.add(_UNNAMED[witness], self._place(offset), f"there is no {witness}")
        elif stated != found:
            self._report.add("bad", self._place(offset), f"the {witness} says something else")

    def _only(self, witness: Witness, said: Said) -> None:
        for offset in sorted(said):
            self._report.add("missing", self._place(offset), f"there is only a {witness}")

    def _bad(self, offset: int, why: str) -> None:
        """Its place alone tells people nothing: the manifest knows what it was, or should be."""
        line = self._stated.get(offset, {})
        words = (line.get("type"), line.get("url"), line.get("timestamp"))
        what = " ".join(str(word) for word in words if word)
        why = why.removeprefix(f"{self._place(offset)}: ")
        self._report.add("bad", self._place(offset), f"{what}: {why}" if what else why)

    def _unreadable(self, offset: int, why: str) -> None:
        self._bad(offset, why)
        self._lines.pop(offset, None)
        for said in self._witnesses.values():
            said.pop(offset, None)

    def _place(self, offset: int) -> str:
        return f"{self._name} at {offset}"


def _apart(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Of (offset, length) in order those that do not overlap: a damaged manifest says anything."""
    end = 0
    for (offset, length), (following, _) in pairwise([*places, (sys.maxsize, 0)]):
        if end <= offset < offset + length <= following:
            yield offset, length
            end = offset + length


def _unpack(packed: bytes) -> bytes:
    """The content of exactly one gzip member. Raises RecordError."""
    pieces = iter([packed])
    try:
        found = list(packed_members_of(lambda _: next(pieces, b""), "it"))
    except RecordError as error:
        raise RecordError("it is no whole gzip member") from error
    if len(found) != 1:
        raise RecordError(f"it is not one gzip member but {len(found)}")
    return found[0][2]


def _text(line: Line | str) -> str:
    """One spelling for the same line of a manifest."""
    return json.dumps(json.loads(line) if isinstance(line, str) else line, sort_keys=True)
