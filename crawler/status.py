"""How things stand: sources, spool, store, index, and what waits. Reads only, and not for long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from archive.agreement import Listing, check_filled, list_files
from archive.errors import IndexFailure, StateFailure, StoreError
from archive.model import Segment
from archive.spooled import SpoolUsage, free_space, spool_usage
from archive.state import State
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store
from archive.store.mirror import check_mirror_filled
from archive.store.waiting import within
from config.schema import Configuration
from crawler.opening import existing_index, mirror_of, store_of
from crawler.unfinished import crawls_begun, unfinished_crawls

_STORE_SECONDS = 5.0
_COMPARED = 1000
"""Files of the store whose names are compared with the index: one answer of S3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source that is configured, or that the index has captures of."""

    name: str
    configured: bool
    last_crawl: str | None
    """14 digits: when its newest WARC file was begun; None: never, or the index does not answer."""
    last_begun: str | None
    """14 digits: when a crawl of it last began in this home, whatever came of it; None: never."""
    unfinished: bool  #: a crawl of it goes on, or was interrupted and will be gone on with


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStatus:
    """How far the second store has caught up; None where the state database does not answer."""

    uri: str
    begun: bool | None  #: no: it has not been compared with the first store yet, may lack anything
    waiting: int | None  #: objects that are yet to be copied
    since: str | None  #: 14 digits: when the first of them was noted
    error: str | None = None  #: why nothing is copied to it; None: it can be


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """How much the index knows; all None where it does not answer."""

    exists: bool | None = None
    lost: bool | None = None  #: there is none, although the store has files
    partial: bool | None = None  #: the store has files that it does not know
    missing: int | None = None
    """Files that it calls stored and the store has not, as far as the store's first 1000 go; None:
    the store does not answer, or is empty."""
    segments: int | None = None
    spooled: int | None = None  #: segments that it knows in a spool, on whatever machine
    captures: int | None = None
    documents: int | None = None
    unextracted: int | None = None
    error: str | None = None  #: why it does not answer; None: it does


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
    state_error: str | None  #: why the state file cannot be used; None: it can, or is none
    mirror: MirrorStatus | None  #: None: there is none
    index: IndexStatus

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

    @property
    def databases_answer(self) -> bool:
        """Whether index and state could be asked what had to be asked of them."""
        has_state = self.mirror is None or self.mirror.begun is not None
        return self.index.error is None and self.state_error is None and has_state

    def to_json(self) -> dict[str, Any]:
        """One object."""
        return {
            "home": str(self.home),
            "sources": [asdict(source) for source in self.sources],
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
            "state": {"ok": self.state_error is None, "error": self.state_error},
            "mirror": None if self.mirror is None else asdict(self.mirror),
            "index": asdict(self.index),
            "lag": None if self.lag is None else round(self.lag, 1),
        }


def status_of(configuration: Configuration) -> Status:
    """How things stand. Raises StoreError for a wrong setting; OSError.

    Databases and stores that do not answer are part of it. A store that is away takes five seconds
    at the most, and so does its mirror.
    """
    home = Path(configuration.home).absolute()
    store = store_of(configuration)
    index, segments = _ask_index(configuration)
    stored = [segment.filename for segment in segments if segment.state == "stored"]
    store_error, listing = _ask_store(store, len(stored), mirrored=bool(configuration.mirror))
    if listing is not None and listing.unknown(one.filename for one in segments):
        # It may have been captured between the two questions.
        index, segments = _ask_index(configuration)
    if listing is not None:
        index = _compared(index, segments, listing, stored)
    return Status(
        home=home,
        sources=_sources(configuration, segments),
        spools=spool_usage(home),
        max_bytes=configuration.spool.max_bytes,
        free=free_space(home),
        min_free=configuration.spool.min_free,
        uri=store.uri,
        store_error=store_error,
        state_error=_ask_state(configuration),
        mirror=_mirror(configuration),
        index=index,
    )


def _ask_store(store: Store, stored: int, *, mirrored: bool) -> tuple[str | None, Listing | None]:
    """Why nothing is written to it, and its first WARC files; `stored` is what the index counts."""

    def ask() -> Listing:
        store.check()
        check_filled(store, stored, mirrored=mirrored)
        return list_files(store, _COMPARED)

    try:
        listing = within(_STORE_SECONDS, store.uri, ask)
        store.close()
    except StoreError as error:
        return str(error), None
    return None, listing


def _ask_index(configuration: Configuration) -> tuple[IndexStatus, list[Segment]]:
    """What the index knows, and its segments.

    One that is not there is not made: an empty one would hide that the old one was lost.
    """
    try:
        index = existing_index(configuration)
        if index is None:
            return _no_index(), []
        try:
            segments, counts = index.segments(), index.counts()
            partial = index.is_partial()
        finally:
            index.close()
    except IndexFailure as error:
        return IndexStatus(error=str(error)), []
    spooled = sum(segment.state == "spooled" for segment in segments)
    status = IndexStatus(
        exists=True, lost=False, partial=partial, spooled=spooled, **asdict(counts)
    )
    return status, segments


def _compared(
    index: IndexStatus, segments: Iterable[Segment], listing: Listing, stored: Iterable[str]
) -> IndexStatus:
    """The same with what the store says of it; `stored` was so before the store was asked."""
    if index.exists is None:
        return index
    unknown = bool(listing.unknown(segment.filename for segment in segments))
    return replace(
        index,
        lost=unknown and not index.exists,
        partial=index.exists and (index.partial or unknown),
        missing=len(listing.lacks(stored)),
    )


def _no_index() -> IndexStatus:
    return IndexStatus(
        exists=False,
        lost=False,
        partial=False,
        segments=0,
        spooled=0,
        captures=0,
        documents=0,
        unextracted=0,
    )


def _ask_state(configuration: Configuration) -> str | None:
    """Why it cannot be used, where it is a file. One that is not there is not made."""
    url = configuration.state_url
    try:
        if Path(url.removeprefix("sqlite:///")).exists():
            State(url).close()
    except StateFailure as error:
        return str(error)
    return None


def _mirror(configuration: Configuration) -> MirrorStatus | None:
    mirror = mirror_of(configuration)
    if mirror is None:
        return None
    waiting = MirrorWaitingList(configuration.state_url, mirror.uri)
    try:
        number, since = waiting.count()
        begun = waiting.is_compared()
    except StateFailure as failure:
        return MirrorStatus(
            uri=mirror.uri, begun=None, waiting=None, since=None, error=str(failure)
        )
    finally:
        waiting.close()
    error = _ask_mirror(mirror, begun)
    return MirrorStatus(uri=mirror.uri, begun=begun, waiting=number, since=since, error=error)


def _ask_mirror(mirror: Store, begun: bool) -> str | None:
    """Why nothing is copied to it."""

    def ask() -> None:
        mirror.check()
        if begun:
            check_mirror_filled(mirror)

    try:
        within(_STORE_SECONDS, mirror.uri, ask)
        mirror.close()
    except StoreError as error:
        return str(error)
    return None


def _sources(configuration: Configuration, segments: Iterable[Segment]) -> list[SourceStatus]:
    home = Path(configuration.home)
    unfinished, begun_last = unfinished_crawls(home), crawls_begun(home)
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
            last_begun=begun_last.get(name),
            unfinished=name in unfinished,
        )
        for name in names
    ]
