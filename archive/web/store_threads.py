"""Threads of their own for those who wait for a store that is elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

from archive.errors import StoreUnavailable

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_THREADS = 16
"""As many as connections to an S3 server are kept open."""

_MOST = 64
"""Requests that may wait for the store at once: fewer than a server answers at once, so that a
store that is stuck leaves room for those who ask for something else."""


class StoreThreads:
    """A store that is slow or stuck holds up these alone, however many want to read it."""

    def __init__(self, threads: int = _THREADS, most: int = _MOST) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store")
        self._most = most
        self._asked = 0  # and not done, also where the client has left
        self._counting = threading.Lock()

    async def call(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Do it in one of the threads. Raises StoreUnavailable where too many wait already."""
        with self._counting:
            if self._asked >= self._most:
                raise StoreUnavailable(
                    f"the store is slow, and {self._asked} requests wait for it: try again later"
                )
            self._asked += 1
        future = self._pool.submit(work, *args)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def shutdown(self, *, wait: bool) -> None:
        """What has not begun is not begun any more. `wait`: until what has is done."""
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _done(self, _: Future[T]) -> None:
        with self._counting:
            self._asked -= 1
