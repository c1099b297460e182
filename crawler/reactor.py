"""One event loop for Scrapy's reactor and everything else of a command, and what interrupts it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger(__name__)

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Exit status by the signal that ended a command."""


class Interruption:
    """The wish of a signal that the work ends: the first in order, the second at once."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None  #: the first one that arrived
        self.once = asyncio.Event()  #: finish what is begun, seal, and end
        self.twice = asyncio.Event()  #: do not wait for anything

    def arrive(self, number: signal.Signals) -> None:
        """Note a signal."""
        if not self.once.is_set():
            logger.warning("stopping; once more ends at once")
        (self.twice if self.once.is_set() else self.once).set()
        self.signal = self.signal or number

    async def ends(self, work: Coroutine[Any, Any, object]) -> None:
        """Wait for some work, which ends at the first signal. Raises what it raises."""
        task = asyncio.ensure_future(work)
        await first(task, self.once.wait())
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def first(
    *awaitables: Awaitable[Any], seconds: float | None = None
) -> set[asyncio.Future[Any]]:
    """Wait until one of them is done, or for so many `seconds`; those that are.

    Coroutines among them that are not done are cancelled; tasks and futures go on.
    """
    waits = {asyncio.ensure_future(one): one for one in awaitables}
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future, one in waits.items():
            if future is not one:
                future.cancel()
    return set(done)


def run(main: Callable[[Interruption], Awaitable[T]]) -> T:
    """Run `main` on a loop of its own that is Twisted's reactor too; once in a process.

    SIGINT and SIGTERM set the Interruption instead of raising.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    from twisted.internet import asyncioreactor

    asyncioreactor.install(loop)  # type: ignore[no-untyped-call]  # Twisted has no type for it
    from twisted.internet import reactor as installed

    # Twisted has no types for what follows.
    reactor: Any = installed
    outcome: asyncio.Future[T] = loop.create_future()

    async def body() -> None:
        interruption = Interruption()
        for number in STATUS:
            loop.add_signal_handler(number, interruption.arrive, number)
        try:
            outcome.set_result(await main(interruption))
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            outcome.set_exception(error)
        finally:
            reactor.stop()

    tasks = []
    reactor.callWhenRunning(lambda: tasks.append(loop.create_task(body())))
    reactor.run(installSignalHandlers=False)
    try:
        return outcome.result()
    finally:
        for number in STATUS:
            loop.remove_signal_handler(number)
