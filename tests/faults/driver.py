"""A small process to be killed: captures, documents, seals, uploads to a folder, without a crawl.

    python -m tests.faults.driver capture HOME --acks FILE [--exchanges N] [--seed N]
    python -m tests.faults.driver recover HOME [--acks FILE]
    python -m tests.faults.driver rebuild HOME

`capture` takes up what dead processes left first, as every command does. All of it happens again
in the same way for the same seed, names and times aside. The variable MUTANT plants a bug, see
tests/faults/mutants.py. Exit status 0: all is stored; 3: a write failed, or an upload did.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import names, segment, timestamps
from archive.collection import Collection
from archive.errors import ArchiveError, WriteError
from archive.index import Index
from archive.model import Article, Exchange
from archive.rebuild import rebuild
from archive.recovery import adopt
from archive.store.base import Store
from archive.store.local import LocalStore
from archive.upload import Uploader
from pipelines.warc.writer import SegmentWriter
from tests.exchanges import exchange, page, response
from tests.faults import acks, mutants
from tests.faults.swapping import swap
from tests.keeping import place

SOURCES = ("alpha", "beta")

_BIG = 2_500_000
"""Bytes of a body that is written in several pieces."""
_BIG_EVERY = 6
_ROLL_OVER = 4_000_000
_PATIENCE = 5.0


def is_big(number: int) -> bool:
    """Whether the body of that number is large, and of no text."""
    return number % _BIG_EVERY == 3


def made(seed: int, number: int) -> Exchange:
    """The exchange of that number: some are large, all are different."""
    dice = random.Random(f"{seed}/{number}")
    url = f"https://example.org/{seed}/{number}"
    started = timestamps.now() + timedelta(microseconds=number)
    source = SOURCES[number % len(SOURCES)]
    if is_big(number):
        message = response(dice.randbytes(_BIG), b"Content-Type: application/octet-stream")
    else:
        message = page(f"Page {number}: {dice.randbytes(200).hex()}", coding="gzip")
    return exchange(url, message, started=started, source=source)


def article(seed: int, number: int) -> Article:
    """The text of that page."""
    words = " ".join(f"word{seed}x{number}x{each}" for each in range(20))
    return Article(
        title=f"Page {number}",
        text=f"Plain words of page {number}. {words}",
        language="en",
        quality="article",
        extraction_status="ok",
        extractor="driver 1",
    )


class Clock:
    """A clock that is set now and then, in place of `archive.timestamps.now`."""

    def __init__(self, *, frozen: bool = False) -> None:
        self._offset = timedelta()
        self._frozen = datetime(2026, 11, 22, 10, tzinfo=UTC) if frozen else None
        for owner in (timestamps, names, segment):
            swap(owner, "now", lambda _: self.now)

    def now(self) -> datetime:
        """The time that the process sees."""
        return (self._frozen or datetime.now(UTC)) + self._offset

    def step(self, seconds: float) -> None:
        """Set it."""
        self._offset += timedelta(seconds=seconds)


async def capture(
    home: Path, *, exchanges: int, seed: int, pause: float, clock: Clock, steps: Sequence[float]
) -> int:
    """Keep so many exchanges, two at a time, seal in the middle and at the end; exit status."""
    waiting = deque(steps)
    async with place(home, max_bytes=_ROLL_OVER) as here:
        spools = await asyncio.to_thread(adopt, home, here.collection.index, here.uploader)
        try:
            for first in range(0, exchanges, 2):
                await asyncio.gather(
                    *(_one(here.writer, seed, n) for n in range(first, min(first + 2, exchanges)))
                )
                if first == exchanges // 4 * 2:
                    await here.writer.seal(SOURCES[0])
                if waiting:
                    clock.step(waiting.popleft())
                await asyncio.sleep(pause)
            await here.writer.seal()
        except WriteError as error:
            print(error, file=sys.stderr)
            with contextlib.suppress(WriteError):
                await here.writer.seal()
            await here.drain(_PATIENCE)
            return 3
        stored = await here.drain(_PATIENCE)
        if not stored:
            print(here.uploader.error(), file=sys.stderr)
            return 3
    for spool in spools:
        spool.close()
    return 0


async def _one(writer: SegmentWriter, seed: int, number: int) -> None:
    one = made(seed, number)
    (kept,) = await writer.keep(one.source, [one])
    if not is_big(number):
        await writer.add(kept, article(seed, number))


def recover(home: Path, store: Store | None = None) -> bool:
    """Take up what dead processes left; whether all of it is stored."""
    collection = Collection(
        store or LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db")
    )
    uploader = Uploader(collection.store, collection.index)
    spools = []
    try:
        spools = adopt(home, collection.index, uploader)
        stored = uploader.drain(_PATIENCE)
        if not stored:
            print(uploader.error(), file=sys.stderr)
    finally:
        uploader.close()
        for spool in spools:
            spool.close()
        collection.close()
    return stored


def reindex(home: Path) -> None:
    """Put a rebuilt index in the place of the one there is (or was)."""
    rebuild(LocalStore(home / "collection"), f"sqlite:///{home}/index.db", home=home)


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["capture", "recover", "rebuild"])
    parser.add_argument("home", type=Path)
    parser.add_argument("--acks", type=Path)
    parser.add_argument("--exchanges", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two captures")
    parser.add_argument("--frozen", action="store_true", help="the clock stands still")
    parser.add_argument(
        "--clock", type=float, action="append", default=[], help="seconds to set the clock by"
    )
    options = parser.parse_args()
    options.home.mkdir(parents=True, exist_ok=True)
    mutants.plant(os.environ.get("MUTANT"))
    if options.acks:
        acks.attach(acks.AckLog(options.acks))
    try:
        if options.command == "recover":
            return 0 if recover(options.home) else 3
        if options.command == "rebuild":
            reindex(options.home)
            return 0
        return asyncio.run(
            capture(
                options.home,
                exchanges=options.exchanges,
                seed=options.seed,
                pause=options.pause,
                clock=Clock(frozen=options.frozen),
                steps=options.clock,
            )
        )
    except (ArchiveError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
