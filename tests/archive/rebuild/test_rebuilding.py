"""A rebuilt index is the live one, line by line, whatever goes on beside."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from archive.index import Index
from archive.index.export import export
from archive.model import Article, Capture
from archive.rebuild import rebuild
from archive.store.local import LocalStore
from tests.exchanges import exchange, page
from tests.keeping import Place, place

ARTICLE = Article(title="T", text="One paragraph.", quality="thin", extraction_status="ok")


async def keep(here: Place, count: int, *, source: str = "ondemand") -> list[Capture]:
    """Captures, the first of which has a document."""
    captures: list[Capture] = []
    for number in range(count):
        url = f"https://example.org/{source}/{number}"
        captures += await here.writer.keep(source, [exchange(url, page(url), source=source)])
    await here.writer.add(captures[0], ARTICLE)
    return captures


def url_of(home: Path) -> str:
    """The index of a `place` in that home."""
    return f"sqlite:///{home}/index.db"


def lines(home: Path) -> list[str]:
    """Everything in the index, and that something is."""
    index = Index(url_of(home))
    try:
        found = list(export(index))
    finally:
        index.close()
    assert found
    return found


def again(home: Path) -> list[str]:
    """Rebuild the index of a home; what could not be read."""
    return rebuild(LocalStore(home / "collection"), url_of(home), home=home)


def lose_index(home: Path) -> None:
    """Remove all its files."""
    for path in home.glob("index.db*"):
        path.unlink()


@pytest.fixture
def stored(tmp_path: Path) -> list[str]:
    """What the index of `tmp_path` says of two stored segments with a document each."""

    async def main() -> None:
        async with place(tmp_path) as here:
            for source in ("one", "two"):
                await keep(here, 3, source=source)
                await here.writer.seal()
            assert await here.drain()

    asyncio.run(main())
    found = lines(tmp_path)
    assert [line.split()[0] for line in found] == 2 * ["segment", *3 * ["capture"], "document"]
    return found


@pytest.mark.parametrize("index", ["live", "lost", "garbage", "empty"])
def test_index_is_made_again_whatever_it_was(tmp_path: Path, stored: list[str], index: str) -> None:
    if index != "live":
        lose_index(tmp_path)
    if index == "garbage":
        (tmp_path / "index.db").write_bytes(b"no database" * 1000)
    if index == "empty":
        Index(url_of(tmp_path)).close()
    assert again(tmp_path) == []
    assert lines(tmp_path) == stored
    assert again(tmp_path) == []
    assert lines(tmp_path) == stored
