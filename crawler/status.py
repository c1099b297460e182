"""How things stand: sources, spool, store, index, and what waits. Reads only, and not for long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from archive.agreement import Listing, check_filled, check_same, list_files
from archive.errors import IndexFailure, StateFailure, StoreError
from archive.model import Segment
from archive.names import begun_of
from archive.restrictions.register import Restrictions
from archive.spooled import free_space, spool_usage
from archive.state import State
from archive.state.mirroring import MirrorWaitingList
from archive.store.base import Store
from archive.store.mirror import check_mirror_filled
from archive.store.waiting import within
from config.schema import Configuration
from crawler.opening import existing_index, mirror_of, store_of
from crawler.overview import IndexStatus, MirrorStatus, SourceStatus, Status
from crawler.unfinished import crawls_begun, unfinished_crawls

_STORE_SECONDS = 5.0
_COMPARED = 1000
"""Files of the store whose names are compared with the index: one answer of S3."""


def status_of(configuration: Configuration) -> Status:
    """How things stand. Raises StoreError for a wrong setting; OSError.

    Databases and stores that do not answer are part of it. A store that is away takes five seconds
    at the most, and so does its mirror.
    """
    home = Path(configuration.home).absolute()
    store = store_of(configuration)
    known = _ask_index(configuration)
    stored = known.stored
    store_error, listing = _ask_store(store, known, mirrored=bool(configuration.mirror))
    if listing is not None and listing.unknown(one.filename for one in known.segments):
        # It may have been captured between the two questions.
        known = _ask_index(configuration)
    index = known.status if listing is None else _compared(known, listing, stored)
    return Status(
        home=home,
        sources=_sources(configuration, known.segments),
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


@dataclass(frozen=True, slots=True)
class _Known:
    """What the index said."""

    status: IndexStatus
    segments: list[Segment] = field(default_factory=list)
    collection: str | None = None

    @property
    def stored(self) -> list[str]:
        """Names of files that it calls stored."""
        return [segment.filename for segment in self.segments if segment.state == "stored"]


def _ask_store(store: Store, known: _Known, *, mirrored: bool) -> tuple[str | None, Listing | None]:
    """Why nothing is written to it, and its first WARC files."""

    def ask() -> Listing:
        store.check()
        check_same(store, known.collection, len(known.stored))
        check_filled(store, len(known.stored), mirrored=mirrored)
        return list_files(store, _COMPARED)

    try:
        listing = within(_STORE_SECONDS, store.uri, ask)
        store.close()
    except StoreError as error:
        return str(error), None
    return None, listing


def _ask_index(configuration: Configuration) -> _Known:
    """One that is not there is not made: an empty one would hide that the old one was lost."""
    try:
        index = existing_index(configuration)
        if index is None:
            return _Known(_no_index())
        try:
            segments, counts = index.segments(), index.counts()
            partial, collection = index.is_partial(), index.collection()
            withholding = len(Restrictions(index).rules().in_force)
        finally:
            index.close()
    except IndexFailure as error:
        return _Known(IndexStatus(error=str(error)))
    spooled = sum(segment.state == "spooled" for segment in segments)
    status = IndexStatus(
        exists=True,
        lost=False,
        partial=partial,
        spooled=spooled,
        restrictions=withholding,
        **asdict(counts),
    )
    return _Known(status, segments, collection)


def _compared(known: _Known, listing: Listing, stored: Iterable[str]) -> IndexStatus:
    """Its status with what the store says of it; `stored` was so before the store was asked."""
    index = known.status
    if index.exists is None:
        return index
    unknown = bool(listing.unknown(segment.filename for segment in known.segments))
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
        restrictions=0,
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
        newest[segment.source] = max(begun_of(segment.filename), newest.get(segment.source, ""))
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
