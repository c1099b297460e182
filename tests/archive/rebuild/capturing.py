"""A process that captures until it is told to stop, and says what it was promised.

    python -m tests.archive.rebuild.capturing HOME INDEX_URL SOURCE STOP

Each line is the file name and the offset of a capture that was acknowledged. It ends when the file
STOP exists, with everything stored.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from tests.exchanges import ARTICLE, exchange, page
from tests.keeping import place

_DOCUMENT_EVERY = 3
_SEAL_EVERY = 25


async def capture(home: Path, url: str, source: str, stop: Path) -> int:
    """Exit status."""
    async with place(home, index_url=url) as here:
        for number in count():
            if stop.exists():  # noqa: ASYNC240 - nothing else runs in this loop
                break
            address = f"https://example.org/{source}/{number}"
            made = exchange(address, page(address), source=source)
            (capture,) = await here.writer.keep(source, [made])
            print(capture.filename, capture.offset, flush=True)
            if number % _DOCUMENT_EVERY == 0:
                await here.writer.add(capture, ARTICLE)
            if number % _SEAL_EVERY == _SEAL_EVERY - 1:
                await here.writer.seal()
        await here.writer.seal()
        return 0 if await here.drain() else 1


if __name__ == "__main__":
    HOME, URL, SOURCE, STOP = sys.argv[1:]
    sys.exit(asyncio.run(capture(Path(HOME), URL, SOURCE, Path(STOP))))
