"""A bound on the bytes that wait to be written."""

from __future__ import annotations

import asyncio
from collections import deque


class ByteBudget:
    """Bytes in flight, for the tasks of one event loop; what is larger than all passes alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        """Wait, first come first served, until `size` bytes fit."""
        if not self._waiting and self._fits(size):
            self._taken += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(size)
            raise

    def give(self, size: int) -> None:
        """Return bytes and let those in who wait."""
        self._taken -= size
        while self._waiting and (
            self._waiting[0][1].cancelled() or self._fits(self._waiting[0][0])
        ):
            wanted, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += wanted
                turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return self._taken == 0 or self._taken + size <= self._limit
