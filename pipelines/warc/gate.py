"""The gate before every download: shut while there is no room for what it would bring.

A store that is away does not end a crawl: captures go into the spool. When that has reached its
limit, or its disk is nearly full, no new request starts; what is open is sealed, so that it can be
uploaded, and when uploads (or people) have made room, the requests go on by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

from archive.errors import WriteError
from archive.spooled import free_space, spool_size
from config.quantities import show_size
from config.schema import SpoolRules
from pipelines.warc.writer import SegmentWriter

logger = logging.getLogger(__name__)

_INTERVAL = 1.0
"""Seconds between two looks at the disk."""

_SEAL_INTERVAL = 10.0
"""Seconds between two seals of what still came in while the gate was shut."""

_ENOUGH = 0.875
"""Part of the limit that must be reached again before a shut gate opens: it shall not flutter."""


class Gate:
    """Open or shut, for all crawls of a session; belongs to one event loop.

    After a failed write it is open: nothing is kept any more, and the crawls end by that.
    """

    def __init__(self, home: Path, rules: SpoolRules, writer: SegmentWriter) -> None:
        self._home = home
        self._rules = rules
        self._writer = writer
        self._shut = asyncio.Event()
        self._shut_since = 0.0
        self._sealed_at = 0.0
        self.reason: str | None = None  #: why it is shut, a clause; None while it is open
        self.listeners: list[Callable[[], None]] = []  #: called when it has opened or shut

    async def watch(self) -> None:
        """Look once a second, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_INTERVAL)

    async def look(self) -> None:
        """Open or shut by what is on the disk now."""
        reason = await asyncio.to_thread(self._find_reason)
        if (reason is None) != (self.reason is None):
            self._turn(reason)
        self.reason = reason
        if reason is not None and time.monotonic() - self._sealed_at >= _SEAL_INTERVAL:
            self._sealed_at = time.monotonic()
            # A seal that fails is the writer's failure, which opens the gate and ends the crawls.
            with contextlib.suppress(WriteError):
                await self._writer.seal()

    async def given_up(self, patience: float) -> WriteError:
        """Wait until it has been shut for `patience` seconds; the error to end with."""
        while True:
            await self._shut.wait()
            left = self._shut_since + patience - time.monotonic()
            if left <= 0:
                reason = (
                    f"{self.reason}, and in {patience:g} s nothing has changed that; "
                    "see `pressmark status`, and make room or raise the limit"
                )
                return WriteError("anything more", RuntimeError(reason))
            await asyncio.sleep(min(left, _INTERVAL))

    def _turn(self, reason: str | None) -> None:
        self.reason = reason
        if reason is not None:
            self._shut.set()
            self._shut_since = time.monotonic()
            logger.warning(
                "pausing: %s; it goes on by itself when there is room again (see "
                "`pressmark status`)",
                reason,
            )
        else:
            self._shut.clear()
            if self._writer.failure is None:
                logger.warning("going on: there is room again")
        for listener in list(self.listeners):
            listener()

    def _find_reason(self) -> str | None:
        if self._writer.failure is not None:
            return None
        enough = 1.0 if self.reason is None else _ENOUGH
        most, least = self._rules.max_bytes, self._rules.min_free
        try:
            held, free = spool_size(self._home), free_space(self._home)
        except OSError as error:
            return f"the spool cannot be looked at ({error})"
        if held >= most * enough:
            return (
                f"the spool holds {show_size(held)} that wait for the store, "
                f"of {show_size(most)} at most (spool.max_bytes)"
            )
        if free < least / enough:
            return (
                f"the disk of {self._home} has {show_size(free)} free, "
                f"less than {show_size(least)} (spool.min_free)"
            )
        return None
