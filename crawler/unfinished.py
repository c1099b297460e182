"""The mark of a crawl that has begun and not ended: the next one of its source goes on with it."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from archive.errors import SourceBusy, WriteError
from archive.files import make_folder, sync_folder, try_lock, write_durably
from archive.names import new_run
from archive.timestamps import to_timestamp
from config.sources import Source

logger = logging.getLogger(__name__)

_LONGEST_PAUSE = 24 * 3600.0
"""Seconds after which an interrupted crawl is not gone on with: its front pages are of the past."""


@dataclass(slots=True)
class UnfinishedCrawl:
    """`<home>/crawls/<source>.json`, while its process lives under a lock beside it."""

    job: str  #: id of the job, the same before and after an interruption
    resumed: bool  #: whether an earlier process began it
    _path: Path
    _lock: int  # held with the process's number in it; goes with the process

    @classmethod
    def begin(cls, home: Path, source: Source, *, fresh: bool = False) -> Self:
        """Take up the crawl of the source that was interrupted within the last day, or begin one.

        `fresh` begins one anyway, and so does a source that starts elsewhere now. Durable. Raises
        SourceBusy while another process crawls the source; WriteError.
        """
        folder = home.absolute() / "crawls"
        path = folder / f"{source.name}.json"
        try:
            make_folder(folder)
            lock = try_lock(folder / f"{source.name}.lock")
            if lock is None:
                raise SourceBusy(source.name, _read(folder / f"{source.name}.lock"))
            try:
                os.truncate(lock, 0)
                os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
                job = None if fresh else _job_of(path, _starts(source))
                mark = cls(job or new_run(), resumed=job is not None, _path=path, _lock=lock)
                if job is None:
                    line = {"job": mark.job, "starts": _starts(source)}
                    write_durably(path, f"{json.dumps(line)}\n".encode())
            except BaseException:
                os.close(lock)
                raise
        except OSError as error:
            raise WriteError(f"that a crawl of {source.name} begins", error) from error
        return mark

    def touch(self) -> None:
        """It is still going on. Raises OSError."""
        os.utime(self._path)

    def end(self, *, finished: bool) -> None:
        """Let go of it; one that is finished leaves no mark."""
        try:
            if finished:
                self._path.unlink(missing_ok=True)
                sync_folder(self._path.parent)
            else:
                self.touch()
        except OSError as error:
            # The captures are safe; the next crawl asks the archive once more for nothing.
            logger.warning("%s could not be brought up to date: %s", self._path, error)
        finally:
            os.close(self._lock)


def unfinished_crawls(home: Path) -> frozenset[str]:
    """Names of the sources whose crawls have begun and not ended; some may be going on."""
    return frozenset(path.stem for path in (home.absolute() / "crawls").glob("*.json"))


def crawls_begun(home: Path) -> dict[str, str]:
    """When (14 digits) the last crawl of each source began in this home, whatever came of it."""
    locks = (home.absolute() / "crawls").glob("*.lock")
    return {path.stem: _moment(path.stat().st_mtime) for path in locks}


def _moment(seconds: float) -> str:
    return to_timestamp(datetime.fromtimestamp(seconds, UTC))


def _read(lock: Path) -> str:
    try:
        return lock.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _starts(source: Source) -> list[str]:
    return [*source.feeds, *source.sitemaps, *source.seeds, *source.sections]


def _job_of(path: Path, starts: list[str]) -> str | None:
    try:
        age = time.time() - path.stat().st_mtime
        mark = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        logger.warning("%s is damaged (%s): the crawl begins anew", path, error)
        return None
    if age > _LONGEST_PAUSE or not isinstance(mark, dict) or mark.get("starts") != starts:
        return None
    job = mark.get("job")
    return job if isinstance(job, str) else None
