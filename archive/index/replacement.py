"""A new index beside the live one, filled in bulk, that then takes its place.

with Replacement(url) as fresh:
    for name in wanted - fresh.done:
        fresh.load(segments=[...], captures=[...], documents=[...], done=[name])
    fresh.finish()
    with fresh.swap() as live:
        ...  # nobody writes to `live` now: bring over what it got in the meantime
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.errors import IndexFailure
from archive.index.index import Index
from archive.model import Capture, Document, Segment

_SQLITE = "sqlite:///"


class Replacement:
    """Context manager. Left without `swap` it keeps what was loaded; the next one goes on there.

    What another version of the schema left is thrown away. Every method raises IndexUnavailable,
    also while another process has a Replacement of the same index open.
    """

    index: Index  #: the new one; complete for readers after `finish`
    done: set[str]  #: what `load` noted, also that of an earlier process

    def __init__(self, url: str) -> None:
        """`url` is that of the live index."""
        self._url = url
        self._file = Path(url.removeprefix(_SQLITE))
        self._fresh = self._file.with_name(f"{self._file.name}.new")
        self.done = set()

    def __enter__(self) -> Self:
        for name in (self._fresh.name, f"{self._fresh.name}-wal", f"{self._fresh.name}-shm"):
            self._fresh.with_name(name).unlink(missing_ok=True)
        self.index = Index(f"{_SQLITE}{self._fresh}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.index.close()

    def load(
        self,
        *,
        segments: Iterable[Segment] = (),
        captures: Sequence[Capture] = (),
        documents: Sequence[Document] = (),
        done: Iterable[str] = (),
    ) -> None:
        """Enter all of it or nothing, in any order, and note the names in `done` with it.

        Best some thousand captures at a time. Their segments come with them or before them. Raises
        SegmentUnknown.
        """
        for segment in segments:
            self.index.add_segment(segment)
        self.index.commit(captures, documents)
        self.done.update(done)

    def finish(self) -> None:
        """Make the keys that readers need. More can be entered afterwards, by `index` or `load`."""

    @contextmanager
    def swap(self) -> Iterator[Index | None]:
        """Hold writers of the live index off, give it to read, then put the new one in its place.

        None where the live index is missing, unreadable, or of another version. When the block is
        left by an exception, the live index stays. Open indexes, in any process, go on with the new
        one by themselves. Keep the block short: writers wait for it, 30 s at most.
        """
        try:
            live = Index(self._url) if self._file.exists() else None
        except IndexFailure:
            live = None
        try:
            yield live
        finally:
            if live is not None:
                live.close()
        self.index.close()
        for name in (f"{self._file.name}-wal", f"{self._file.name}-shm"):
            self._file.with_name(name).unlink(missing_ok=True)
        self._fresh.replace(self._file)
