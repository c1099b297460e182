"""How things stand: sources, spool, store, index, and what waits. Reads only, and not for long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive.errors import StoreError
from archive.index import Counts
from archive.model import Segment
from archive.spooled import SpoolUsage, free_space, spool_usage
from archive.state.mirroring import MirrorWaitingList
from archive.store.mirror import check_filled
from archive.store.waiting import within
from config.schema import Configuration
from crawler.opening import existing_index, mirror_of, store_of
from crawler.unfinished import unfinished_crawls

_STORE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source that is configured, or that the index has captures of."""

    name: str
    configured: bool
    last_crawl: str | None  #: 14 digits: when its newest WARC file was begun
    unfinished: bool  #: a crawl of it goes on, or was interrupted and will be gone on with


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStatus:
    """How far the second store has caught up."""

    uri: str
    begun: bool  #: no: it has not been compared with the first store yet, and may lack anything
    waiting: int  #: objects that are yet to be copied
    since: str | None  #: 14 digits: when the first of them was noted
    error: str | None = None  #: why nothing is copied to it; None: it can be


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything that `pressmark status` shows."""

    home: Path
    sources: list[SourceStatus]
    spools: list[SpoolUsage]
    max_bytes: int  #: spool.max_bytes
    free: int  #: bytes free on the disk of the home
    min_free: int  #: spool.min_free
    uri: str  #: of the store
    store_error: str | None  #: why it does not answer; None: it does
    mirror: MirrorStatus | None  #: None: there is none
    has_index: bool
    lost_index: bool  #: there is none, although the store has files
    partial_index: bool  #: the store has files that it does not know
    counts: Counts
    spooled: int  #: segments that the index knows in a spool, on whatever machine

    @property
    def size(self) -> int:
        """Bytes in the spool."""
        return sum(spool.size for spool in self.spools)

    @property
    def has_room(self) -> bool:
        """Whether crawls may go on; a pause ends only some way below the limits."""
        return not (self.spool_is_full or self.disk_is_full)

    @property
    def spool_is_full(self) -> bool:
        """Whether it holds `max_bytes`."""
        return self.size >= self.max_bytes

    @property
    def disk_is_full(self) -> bool:
        """Whether less than `min_free` is free."""
        return self.free < self.min_free

    @property
    def lag(self) -> float | None:
        """Seconds that the oldest sealed file has waited for the store; None: none waits."""
        return max((s.oldest for s in self.spools if s.oldest is not None), default=None)

    def to_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "home": str(self.home),
            "sources": [
                {
                    "name": source.name,
                    "configured": source.configured,
                    "last_crawl": source.last_crawl,
                    "unfinished": source.unfinished,
                }
                for source in self.sources
            ],
            "spool": {
                "bytes": self.size,
                "max_bytes": self.max_bytes,
                "sealed": sum(spool.sealed for spool in self.spools),
                "open": sum(spool.open for spool in self.spools),
                "processes": sum(spool.alive for spool in self.spools),
                "abandoned": sum(not spool.alive for spool in self.spools),
                "free": self.free,
                "min_free": self.min_free,
                "room": self.has_room,
            },
            "store": {
                "uri": self.uri,
                "ok": self.store_error is None,
                "error": self.store_error,
            },
            "mirror": None if self.mirror is None else asdict(self.mirror),
            "index": {
                "exists": self.has_index,
                "lost": self.lost_index,
                "partial": self.partial_index,
                "segments": self.counts.segments,
                "spooled": self.spooled,
                "captures": self.counts.captures,
                "documents": self.counts.documents,
                "unextracted": self.counts.unextracted,
            },
            "lag": None if self.lag is None else round(self.lag, 1),
        }


def status_of(configuration: Configuration) -> Status:
    """How things stand. Raises IndexFailure; StateFailure; StoreError for a wrong setting; OSError.

    An index that is not there is not made: an empty one would hide that the old one was lost.
    A store that is away takes five seconds at the most, and so does its mirror.
    """
    home = Path(configuration.home).absolute()
    segments: list[Segment] = []
    counts = Counts(segments=0, captures=0, documents=0, unextracted=0)
    partial_index = False
    index = existing_index(configuration)
    if index is not None:
        try:
            partial_index = index.is_partial()
            segments, counts = index.segments(), index.counts()
        finally:
            index.close()
    store_error, lost_index = None, False
    known = {segment.filename for segment in segments}
    store = store_of(configuration)

    def ask() -> bool:
        store.check()
        found = next(iter(store.list("warc/")), None)
        return found is not None and Path(found.key).name not in known

    try:
        lacks = within(_STORE_SECONDS, store.uri, ask)
        lost_index = lacks and index is None
        partial_index = (partial_index or lacks) and index is not None
        store.close()
    except StoreError as error:
        store_error = str(error)
    return Status(
        home=home,
        sources=_sources(configuration, segments, unfinished_crawls(home)),
        spools=spool_usage(home),
        max_bytes=configuration.spool.max_bytes,
        free=free_space(home),
        min_free=configuration.spool.min_free,
        uri=store.uri,
        store_error=store_error,
        mirror=_mirror(configuration),
        has_index=index is not None,
        lost_index=lost_index,
        partial_index=partial_index,
        counts=counts,
        spooled=sum(segment.state == "spooled" for segment in segments),
    )


def _mirror(configuration: Configuration) -> MirrorStatus | None:
    mirror = mirror_of(configuration)
    if mirror is None:
        return None
    waiting = MirrorWaitingList(configuration.state_url, mirror.uri)
    try:
        number, since = waiting.count()
        begun = waiting.is_compared()
    finally:
        waiting.close()
    error = None

    def ask() -> None:
        mirror.check()
        if begun:
            check_filled(mirror)

    try:
        within(_STORE_SECONDS, mirror.uri, ask)
        mirror.close()
    except StoreError as refusal:
        error = str(refusal)
    return MirrorStatus(uri=mirror.uri, begun=begun, waiting=number, since=since, error=error)


def _sources(
    configuration: Configuration, segments: Iterable[Segment], unfinished: frozenset[str]
) -> list[SourceStatus]:
    newest: dict[str, str] = {}
    for segment in segments:
        # The name of a file has the time at which it was begun, behind that of the source.
        begun = segment.filename.removeprefix(f"{segment.source}-")[:14]
        newest[segment.source] = max(begun, newest.get(segment.source, ""))
    configured = [source.name for source in configuration.sources]
    names = dict.fromkeys([*configured, *sorted({*newest, *unfinished})])
    return [
        SourceStatus(
            name=name,
            configured=name in configured,
            last_crawl=newest.get(name),
            unfinished=name in unfinished,
        )
        for name in names
    ]
