"""A process that captures, for the power to be cut: `python -m tests.faults.life HOME PHASE`.

Each phase is a process of its own. What it may tell its user it first writes to `HOME/told`, one
JSON object a line; the moment of that write(2) is the moment of the promise.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.collection import Collection
from archive.index import Index
from archive.model import Capture, Exchange
from archive.recovery import adopt
from archive.spool import Spool
from archive.store.local import LocalStore
from archive.upload import Uploader
from archive.warc.gzip import member
from pipelines.warc.writer import SegmentWriter
from tests.exchanges import ARTICLE, exchange, page
from tests.faults.mutants import plant

TOLD = "told"
_SEGMENT_BYTES = 10_000


def numbered(number: int, source: str = "one") -> Exchange:
    """An exchange of its own for each number; two of three are larger than a page of memory."""
    return exchange(f"https://example.org/{number}", message(number), source=source)


def message(number: int) -> bytes:
    """The response of that exchange."""
    return page(f"Page {number} {random.Random(number).randbytes(number % 3 * 4000).hex()}")


@dataclass(slots=True)
class _Life:
    collection: Collection
    uploader: Uploader
    writer: SegmentWriter
    told: int  # descriptor

    async def keep(self, *numbers: int, source: str = "one") -> Sequence[Capture]:
        captures = await self.writer.keep(source, [numbered(n, source) for n in numbers])
        for capture in captures:
            self._tell(captured=asdict(capture))
        return captures

    async def add(self, capture: Capture) -> None:
        await self.writer.add(capture, ARTICLE)
        self._tell(documented=asdict(capture))

    async def seal(self, source: str | None = None) -> None:
        names = await self.writer.seal(source)
        assert await asyncio.to_thread(self.uploader.drain, 0.0), self.uploader.error()
        for name in names:
            self._tell(stored=name)

    def _tell(self, **what: object) -> None:
        os.write(self.told, f"{json.dumps(what)}\n".encode())


@asynccontextmanager
async def _life(home: Path) -> AsyncIterator[_Life]:
    """As `crawler.session.Session` opens and closes."""
    told = os.open(home / TOLD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    spool = Spool.create(home)
    collection = Collection(LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db"))
    collection.ensure()
    uploader = Uploader(collection.store, collection.index)
    writer = SegmentWriter(spool, collection.index, uploader, max_bytes=_SEGMENT_BYTES)
    adopted = adopt(home, collection.index, uploader)
    yield _Life(collection, uploader, writer, told)
    await asyncio.to_thread(writer.close)
    await asyncio.to_thread(uploader.close)
    for one in (*adopted, spool):
        one.close()
    collection.close()


async def _first(home: Path) -> None:
    """Captures of two sources, text, a seal, an upload; then gone without a word."""
    async with _life(home) as here:
        first = await here.keep(1)
        await here.keep(2, 3)
        await here.add(first[0])
        other = await here.keep(4, source="two")
        await here.add(other[0])
        await here.seal("one")
        await here.keep(5, 6)
        # Text that comes after its segment was sealed.
        await here.add(first[0])
        await here.keep(7)
        # A write that was not done when the process died.
        for path in here.writer.spool.files("*.warc.gz.open"):
            with path.open("ab") as file:
                file.write(b"".join(member([message(8)]))[:-1])
        os._exit(0)


async def _second(home: Path) -> None:
    """Recovery, a segment that is full, everything sealed, an orderly end."""
    async with _life(home) as here:
        captures = [*await here.keep(8, 9), *await here.keep(10)]
        await asyncio.gather(*(here.add(capture) for capture in captures))
        await here.seal()


_PHASES: dict[str, Callable[[Path], Coroutine[None, None, None]]] = {
    "first": _first,
    "second": _second,
}
PHASES = tuple(_PHASES)


def main() -> None:
    """Live through one phase, with a planted bug if one is named."""
    home, phase, *planted = sys.argv[1:]
    for name in planted:
        plant(name)
    asyncio.run(_PHASES[phase](Path(home)))


if __name__ == "__main__":
    main()
