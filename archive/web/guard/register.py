"""The tokens in force, looked up by the thousand: all of them in memory, read again each second."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from archive.errors import StateFailure
from archive.timestamps import now
from archive.tokens import Token, Tokens, hash_of, use_is_old

logger = logging.getLogger(__name__)

FRESH = 1.0
"""Seconds for which what was read counts. A token that is revoked ends within 2 s: this, and the
time of reading."""


@dataclass(frozen=True, slots=True)
class _Known:
    by_hash: dict[str, Token]
    by_id: dict[str, Token]
    read: float  # when the reading began, as time.monotonic has it


class TokenRegister:
    """Who a secret, or the id in a session, belongs to. To be used in one event loop.

    Unknown secrets cost no look-up in the database, however many are tried.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._known = _Known({}, {}, float("-inf"))
        self._reading: asyncio.Task[_Known] | None = None
        self._noted: set[str] = set()
        # Its own: when all of the site's threads wait for a store, tokens are known all the same.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tokens")

    async def by_secret(self, secret: str) -> Token | None:
        """The token in force that has this secret. Raises StateFailure."""
        known = await self._fresh()
        return self._used(known.by_hash.get(hash_of(secret)))

    async def by_id(self, token_id: str) -> Token | None:
        """The token in force that has this id. Raises StateFailure."""
        known = await self._fresh()
        return self._used(known.by_id.get(token_id))

    def shutdown(self, *, wait: bool) -> None:
        """End its thread; uses that are not yet noted are. `wait`: until they are."""
        self._thread.shutdown(wait=wait)

    async def _fresh(self) -> _Known:
        known = self._known
        if time.monotonic() - known.read <= FRESH:
            return known
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read())
            self._reading.add_done_callback(self._over)
        # Whoever gives up must not take the others' reading with him.
        return await asyncio.shield(self._reading)

    async def _read(self) -> _Known:
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._tokens.all)
        self._known = _Known(
            {token.hash: token for token in found}, {token.id: token for token in found}, began
        )
        return self._known

    def _over(self, reading: asyncio.Task[_Known]) -> None:
        self._reading = None
        if not reading.cancelled():
            reading.exception()  # told to those who wait for it; there may be none

    def _used(self, token: Token | None) -> Token | None:
        time_ = now()
        if token is None or not token.in_force(time_):
            return None
        if use_is_old(token, time_) and token.id not in self._noted:
            self._noted.add(token.id)
            self._thread.submit(self._note, token)
        return token

    def _note(self, token: Token) -> None:
        try:
            self._tokens.note_use(token, now())
        except StateFailure as error:
            logger.warning("the use of token %s is not noted: %s", token.name, error)
        finally:
            self._noted.discard(token.id)
