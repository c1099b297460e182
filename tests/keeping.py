"""Keeping exchanges in tests, without a crawl: by the writer, or straight into the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from archive.collection import Collection
from archive.index import Index
from archive.model import Capture, Segment
from archive.names import key_of, new_name
from archive.spool import Spool
from archive.store.base import Store
from archive.store.local import LocalStore
from archive.timestamps import to_warc_date
from archive.upload import Uploader
from archive.warc.captures import capture_of
from archive.warc.gzip import member
from archive.warc.reading import Member, read_record
from archive.warc.writing import WarcRecord
from pipelines.warc.writer import SegmentWriter
from tests.exchanges import STARTED
from tests.validators import MADE_UP


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
    index_url: str | None = None,
) -> AsyncIterator[Place]:
    """A place in `home`; the store is a folder there, and the index a file, unless one is given."""
    collection = Collection(
        store or LocalStore(home / "collection"),
        Index(index_url or f"sqlite:///{home}/index.db"),
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


def store_records(collection: Collection, records: Iterable[WarcRecord]) -> list[Capture]:
    """Responses and revisits as a segment of their own, stored and indexed."""
    filename = f"{new_name(MADE_UP)}.warc.gz"
    data, captures = b"", []
    for record in records:
        packed = b"".join(member(record.pieces()))
        read = read_record(packed, where="here")
        captures.append(
            capture_of(Member(offset=len(data), length=len(packed), record=read), filename)
        )
        data += packed
    collection.store.put_new(key_of(filename), data)
    collection.index.add_segment(Segment(filename=filename, source=MADE_UP, state="stored"))
    collection.index.commit(captures)
    return captures


def archive_messages(collection: Collection, *messages: tuple[str, bytes, int]) -> list[Capture]:
    """Responses as `(url, message, seconds after STARTED)`, stored and indexed."""
    records = []
    for url, message, seconds in messages:
        fields = (
            ("WARC-Target-URI", url),
            ("WARC-Date", to_warc_date(STARTED + timedelta(seconds=seconds))),
        )
        records.append(
            WarcRecord(type="response", fields=fields, block=[message], length=len(message))
        )
    return store_records(collection, records)
