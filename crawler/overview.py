"""What `pressmark status` shows of sources, spool, store, state, mirror and index: plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive.spooled import SpoolUsage


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
    restrictions: int | None = None  #: decisions in force that withhold captures
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
    def waiting_files(self) -> int:
        """WARC and text files that wait for the store."""
        return sum(spool.sealed for spool in self.spools)

    @property
    def open_files(self) -> int:
        """WARC and text files that a process writes to."""
        return sum(spool.open for spool in self.spools if spool.alive)

    @property
    def left_open_files(self) -> int:
        """WARC and text files that a process which has died wrote to."""
        return sum(spool.open for spool in self.spools if not spool.alive)

    @property
    def abandoned(self) -> int:
        """Spools of processes that have ended."""
        return sum(not spool.alive for spool in self.spools)

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
                "sealed": self.waiting_files,
                "open": self.open_files,
                "left_open": self.left_open_files,
                "processes": len(self.spools) - self.abandoned,
                "abandoned": self.abandoned,
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
