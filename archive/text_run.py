"""The documents of one segment and one extraction run: JSON Lines, one gzip member a document."""

from __future__ import annotations

import json
from pathlib import Path

from archive import documents
from archive.appending import MemberFile
from archive.files import write_durably
from archive.model import Article, Capture, Document
from archive.names import new_run, segment_of, sibling


class OpenRun:
    """`NAME.<run>.jsonl.gz` in the spool. Not thread-safe. OSError passes through."""

    def __init__(self, folder: Path, segment: str) -> None:
        self.segment = segment  #: NAME.warc.gz of the captures
        self.run = new_run()
        name = segment.removesuffix(".warc.gz")
        self._file = MemberFile(folder / f"{name}.{self.run}.jsonl.gz")
        self._offsets: set[int] = set()

    def holds(self, capture: Capture) -> bool:
        """Whether the capture has its document in it: of a run it has one."""
        return capture.offset in self._offsets

    def append(self, capture: Capture, article: Article) -> Document:
        """Write the article of a capture; durable only after `sync`."""
        document = Document(
            url=capture.url,
            timestamp=capture.timestamp,
            digest=capture.digest,
            filename=capture.filename,
            offset=capture.offset,
            record_id=capture.record_id,
            source=capture.source,
            run=self.run,
            article=article,
        )
        self._file.append([documents.line(document), b"\n"])
        self._offsets.add(capture.offset)
        return document

    def sync(self) -> None:
        """Make everything appended so far durable."""
        self._file.sync()

    def settle(self) -> None:
        """Everything appended so far is synced and indexed: it stays."""
        self._file.settle()

    def take_back(self) -> None:
        """Forget what was appended after it was last settled."""
        self._file.take_back()

    @property
    def empty(self) -> bool:
        """Whether nothing in it was acknowledged."""
        return self._file.settled == 0

    def seal(self) -> Path:
        """The sealed file in the spool, with its manifest beside it."""
        digest = self._file.seal()
        write_run_manifest(self._file.path, digest)
        return self._file.path

    def close(self) -> None:
        """Stop writing without sealing: recovery will find it."""
        self._file.close()

    def discard(self) -> None:
        """Remove a run that holds no document."""
        self._file.discard()


def write_run_manifest(path: Path, digest: str) -> None:
    """The manifest of a sealed text object; `digest` is its sha256 hex. Raises OSError."""
    line = {
        "object": path.name,
        "size": path.stat().st_size,
        "sha256": digest,
        "segment": segment_of(path.name),
    }
    write_durably(path.with_name(sibling(path.name, "jsonl")), f"{json.dumps(line)}\n".encode())
