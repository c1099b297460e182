"""What lies in the spools of this home, and is in no store yet."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archive.contents import documents_in, read_contents
from archive.errors import KeyInvalid, RecordError, SegmentUnknown, StoreUnavailable
from archive.index import Index
from archive.model import Capture, Document, Segment
from archive.names import segment_of, source_of
from archive.rebuild.reading import from_folder, read_segment, read_text
from archive.spool import is_held, is_open, sealed_name
from archive.spooled import spooled_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """Captures of a WARC, or documents of a text file."""

    segment: Segment | None  #: None: a text file
    captures: list[Capture] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


class Spools:
    """Files that do not change any more are read once. Methods raise StoreUnavailable."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._read: set[str] = set()
        self.unread: list[str] = []  #: with the reason

    def settled(self, index: Index, *, all_: bool = False) -> Iterator[Spooled]:
        """What sealed files hold, and open ones of ended processes, that was not given before.

        `all_`: open ones of living processes too, for want of anybody who knows what these have
        acknowledged. What `index` has as stored is left out.
        """
        paths = list(spooled_files(self._home))
        # A document needs its segment.
        for path in sorted(paths, key=lambda path: not sealed_name(path).endswith(".warc.gz")):
            name = sealed_name(path)
            if name in self._read or (is_open(path) and not all_ and is_held(path.parent)):
                continue
            try:
                found = self._segment(path, index) if name == segment_of(name) else _text(path)
            except FileNotFoundError:
                continue  # sealed or uploaded in this moment: the live index knows
            except OSError as error:
                raise StoreUnavailable(
                    f"cannot read {path} in the spool: {error}; check the disk"
                ) from error
            except (KeyInvalid, RecordError) as error:
                self.unread.append(f"{path}: {error}")
                continue
            self._read.add(name)
            if found is not None:
                yield found

    def _segment(self, path: Path, index: Index) -> Spooled | None:
        name = sealed_name(path)
        try:
            if index.segment(name).state == "stored":
                return None
        except SegmentUnknown:
            pass
        segment = Segment(
            filename=name,
            source=source_of(name),
            state="spooled",
            node=socket.gethostname(),
            path=str(path.parent),
        )
        if is_open(path):
            captures = [*read_contents(path, name).exchanges.captures]
        else:
            read = read_segment(from_folder(path.parent), name)
            if not path.exists():
                raise FileNotFoundError(path)
            self.unread += read.unread
            captures = read.captures
        return Spooled(segment=segment, captures=captures) if captures else None


def _text(path: Path) -> Spooled:
    if is_open(path):
        documents: list[Document] = []
        # What is not whole at its end was promised to nobody.
        with path.open("rb", buffering=0) as file, suppress(RecordError):
            for document, _ in documents_in(file.read, sealed_name(path)):
                documents.append(document)
        return Spooled(segment=None, documents=documents)
    read = read_text(from_folder(path.parent), path.name)
    if not path.exists():
        raise FileNotFoundError(path)
    if read.unread:
        raise RecordError("; ".join(read.unread))
    return Spooled(segment=None, documents=read.documents)
