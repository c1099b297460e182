"""What was committed to the live index and is in no file that was read; writers are held off."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

from archive.errors import SegmentUnknown
from archive.index import Index
from archive.model import Segment
from archive.names import text_of
from archive.rebuild.spools import Spooled, Spools
from archive.spool import open_path, sealed_name
from archive.spooled import LATE, spooled_files
from archive.timestamps import now, to_long_timestamp

_BATCH = 1000

T = TypeVar("T")


class Listed(Protocol):
    """What was known of the store when it was last listed."""

    stored_before: set[str]  #: segments that the live index called stored before that
    texts: set[str]  #: text objects that were read then, or could not be
    uploading: set[str]  #: files that were in this home's spools before that
    lost: set[str]  #: segments of which nothing could be read


def load(fresh: Index, found: Spooled) -> None:
    """Enter what was found in a spool. Documents of a segment that is nowhere are left out."""
    if found.segment is not None:
        fresh.add_segment(found.segment)
    for captures in _batches(found.captures):
        fresh.commit(captures)
    for documents in _batches(found.documents):
        try:
            fresh.commit([], documents)
        except SegmentUnknown:
            continue


class CatchingUp:
    """Methods raise IndexFailure, StoreUnavailable."""

    def __init__(self, fresh: Index, listed: Listed, home: Path) -> None:
        self._fresh = fresh
        self._home = home
        self._listed = listed
        self._node = socket.gethostname()
        self.unread: list[str] = []  #: what the live index alone speaks of

    def from_spools(self, spools: Spools, live: Index | None) -> None:
        """Files that were sealed since they were looked at; without `live` every open one too."""
        for found in spools.settled(self._fresh, all_=live is None):
            load(self._fresh, found)

    def from_index(self, live: Index) -> None:
        """Segments that are written to, that other machines have, that were stored in between."""
        here = {segment.filename: segment for segment in self._fresh.segments()}
        for segment in live.segments():
            have = here.get(segment.filename)
            if have is not None:
                if have.state != segment.state == "stored":
                    self._fresh.add_segment(segment)
            elif segment.filename in self._listed.lost:
                continue  # said already
            elif segment.state == "stored" and segment.filename in self._listed.stored_before:
                self.unread.append(f"{segment.filename}: the index alone says that it is stored")
            elif segment.state == "spooled" and not self._is_spooled(segment):
                self.unread.append(f"{segment.filename}: it is no longer in {segment.path}")
            else:
                self._copy(live, segment)
        self._copy_documents(live)

    def name_others(self, spooled: Iterable[tuple[str, str]]) -> None:
        """Say what is lost with a live index of another version: `(file name, node)` it names."""
        here = {segment.filename for segment in self._fresh.segments()}
        for filename, node in spooled:
            if filename not in here and filename not in self._listed.lost:
                self.unread.append(
                    f"{filename}: the index was of another version, and this lies in the spool of "
                    f"{node} alone: `pressmark doctor --repair` there enters it again"
                )

    def _is_spooled(self, segment: Segment) -> bool:
        """Of another machine nobody here can tell."""
        if segment.node != self._node:
            return True
        path = Path(segment.path or "") / segment.filename
        # Sealing renames it at any time: the sealed name is looked for last.
        return open_path(path).exists() or path.exists()

    def _copy(self, live: Index, segment: Segment) -> None:
        self._fresh.add_segment(segment)
        for captures in _batches(live.captures_of(segment.filename)):
            self._fresh.commit(captures)
        for documents in _batches(live.documents.of_segment(segment.filename)):
            self._fresh.commit([], documents)

    def _copy_documents(self, live: Index) -> None:
        """Documents of runs that are in spools, or were stored in between."""
        known = {segment.filename for segment in self._fresh.segments()}
        others = any(segment.node != self._node for segment in live.segments("spooled"))
        late = to_long_timestamp(now() - LATE)
        wanted: dict[str, set[str]] = {}
        for filename, run in live.documents.runs():
            text = text_of(filename, run)
            if filename not in known or text in self._listed.texts:
                continue
            here = text in self._listed.uploading or self._is_here(text)
            if run < late and not others and not here:
                self.unread.append(f"{text}: the index alone has the documents of this run")
            else:
                wanted.setdefault(filename, set()).add(run)
        for filename, runs in wanted.items():
            for documents in _batches(live.documents.of_segment(filename)):
                self._fresh.commit([], [one for one in documents if one.run in runs])

    def _is_here(self, text: str) -> bool:
        return any(sealed_name(path) == text for path in spooled_files(self._home))


def _batches(items: Iterable[T]) -> Iterator[Sequence[T]]:
    source = iter(items)
    while batch := list(islice(source, _BATCH)):
        yield batch
