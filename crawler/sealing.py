"""The end of capturing: seal, and wait for the store as long as a signal leaves time."""

from __future__ import annotations

import asyncio
import contextlib

from archive.errors import WriteError
from crawler.reactor import Interruption, first
from crawler.session import Session

_SEAL_AT_ONCE = 2.0
"""Seconds that a seal gets of somebody who wants to end at once; recovery does it otherwise."""


async def seal_quietly(session: Session, interruption: Interruption, *, own: bool = True) -> None:
    """Seal and wait for the store; a write that fails here too is in `session.writer.failure`.

    Waits for our `own` files, or with them for what was adopted. After an interruption the store
    has `shutdown_grace` seconds, none when it is away.
    """
    await session.stop_extracting()
    # After a failure open files stay in the spool, where recovery finds them.
    sealing = asyncio.ensure_future(session.writer.seal())
    await first(sealing, interruption.twice.wait())
    if not sealing.done():
        await asyncio.wait({sealing}, timeout=_SEAL_AT_ONCE)
    if sealing.done():
        with contextlib.suppress(WriteError):
            sealing.result()
    patience = 0.0 if interruption.once.is_set() else None
    draining = asyncio.ensure_future(session.drain(patience, own=own))
    await first(draining, _hurry(session, interruption))
    if draining.done():
        draining.result()


async def _hurry(session: Session, interruption: Interruption) -> None:
    """Give uploads the time that an interruption leaves; wait for a second one."""
    await interruption.once.wait()
    session.hurry()
    await interruption.twice.wait()
