"""One thread for what is asked most often and is done soon.

Threads of one interpreter take turns: several, each with a look-up of a tenth of a millisecond,
spend more time on waking each other than on looking up.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_Asked = tuple[asyncio.Future[Any], Callable[..., Any], tuple[Any, ...]]
_Done = tuple[asyncio.Future[Any], Any, Exception | None]

_LATE = 0.5  # seconds

_AT_ONCE = 16
"""Answers that wait for those after them."""


class QuickThread:
    """Does one thing after the other, for one event loop."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._done: deque[_Done] = deque()
        self._awake = False  # the loop knows that something is done
        self._busy_since: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_late(self) -> bool:
        """Whether what it does takes long, as with a disk that hangs: others are not to wait."""
        since = self._busy_since
        return since is not None and time.monotonic() - since > _LATE

    async def call(self, work: Callable[[*Ts], T], *args: *Ts) -> T:
        """Do it there, when all that was asked for before is done."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(loop,), name="web-quick", daemon=True
            )
            self._thread.start()
        future: asyncio.Future[T] = loop.create_future()
        self._asked.put((future, work, args))
        return await future

    def shutdown(self, *, wait: bool) -> None:
        """Take nothing more. `wait`: until all that was asked for is done."""
        self._asked.put(None)
        if wait and self._thread is not None:
            self._thread.join()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while (asked := self._asked.get()) is not None:
            future, work, args = asked
            if not future.cancelled():  # else the client has left
                self._busy_since = time.monotonic()
                try:
                    self._done.append((future, work(*args), None))
                except Exception as error:  # noqa: BLE001 - raised where it was asked for
                    self._done.append((future, None, error))
                self._busy_since = None
            # A loop that is awake takes its turns of the interpreter from us: rather all at once.
            if self._asked.empty() or len(self._done) >= _AT_ONCE:
                self._wake(loop)
        self._wake(loop)

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._done and not self._awake:
            self._awake = True
            # A loop that is closed has nobody who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._awake = False
        while self._done:
            future, result, error = self._done.popleft()
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
