"""A place to keep exchanges in tests: store, index, spool, uploader and writer, without a crawl."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.collection import Collection
from archive.index import Index
from archive.spool import Spool
from archive.store.base import Store
from archive.store.local import LocalStore
from archive.upload import Uploader
from pipelines.warc.writer import SegmentWriter


@dataclass(slots=True)
class Place:
    """Everything between an exchange and the store."""

    home: Path
    collection: Collection
    spool: Spool
    uploader: Uploader
    writer: SegmentWriter

    async def drain(self, seconds: float = 10.0) -> bool:
        """Wait for the uploads; whether everything is stored."""
        return await asyncio.to_thread(self.uploader.drain, seconds)


@asynccontextmanager
async def place(
    home: Path,
    store: Store | None = None,
    *,
    max_bytes: int = 1_000_000_000,
    max_age: float = 3600.0,
) -> AsyncIterator[Place]:
    """A place in `home`; the store is a folder there unless one is given."""
    collection = Collection(
        store or LocalStore(home / "collection"), Index(f"sqlite:///{home}/index.db")
    )
    spool = Spool.create(home)
    uploader = Uploader(collection.store, collection.index)
    writer = SegmentWriter(spool, collection.index, uploader, max_bytes=max_bytes, max_age=max_age)
    try:
        yield Place(home, collection, spool, uploader, writer)
    finally:
        await asyncio.to_thread(writer.close)
        await asyncio.to_thread(uploader.close)
        spool.close()
        collection.close()
