"""A small collection whose every part can be damaged: two segments, two captures in each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archive.collection import Collection
from archive.index import Index
from archive.model import Capture
from archive.store.memory import MemoryStore
from archive.verify import Report, verify
from tests.exchanges import ARTICLE, exchange, page
from tests.keeping import place


class Changeable(MemoryStore):
    """A store whose objects can be changed and taken away."""

    def change(self, key: str, change: Callable[[bytes], bytes]) -> None:
        """Replace the bytes of an object, as no Store would."""
        data, stored = self._objects.pop(key)
        self.put_new(key, change(data))
        assert self._objects[key][0] != data
        del stored

    def drop(self, key: str) -> None:
        """Take an object away."""
        del self._objects[key]


@dataclass(frozen=True)
class Kept:
    """Two segments of two captures each, the first of which has a document."""

    store: Changeable
    database: Path
    captures: list[Capture]

    def audit(self, sample: int | None = None) -> Report:
        """Verify it."""
        collection = self.open()
        try:
            return verify(collection, sample=sample)
        finally:
            collection.close()

    def open(self) -> Collection:
        """The collection; close it."""
        return Collection(self.store, Index(f"sqlite:///{self.database}"))

    def key(self, folder: str) -> str:
        """Key of the first segment's object in a folder; `text manifests` is that of the text."""
        name = self.captures[0].filename.removesuffix(".warc.gz")
        where, _, of_text = folder.partition(" ")
        keys = [stored.key for stored in self.store.list(f"{where}/") if name in stored.key]
        if where == "manifests":
            keys = [key for key in keys if _is_run(key) == bool(of_text)]
        (key,) = keys
        return key

    def sql(self, statement: str) -> None:
        """Change the index behind our back."""
        engine = create_engine(f"sqlite:///{self.database}")
        with engine.begin() as connection:
            assert connection.execute(text(statement)).rowcount
        engine.dispose()


def _is_run(key: str) -> bool:
    return key.rpartition("/")[2].count(".") == 2


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """A collection without fault."""
    store = Changeable()
    captures: list[Capture] = []

    async def main() -> None:
        async with place(tmp_path, store) as here:
            for part in range(2):
                for number in range(2):
                    url = f"https://example.org/{part}/{number}"
                    made = exchange(url, page(f"Page {part}.{number}"))
                    captures.extend(await here.writer.keep("ondemand", [made]))
                await here.writer.add(captures[2 * part], ARTICLE)
                await here.writer.seal()
            assert await here.drain()

    asyncio.run(main())
    return Kept(store, tmp_path / "index.db", captures)
