"""What counts as fresh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.index import Index
from archive.store.memory import MemoryStore
from archive.timestamps import now
from crawler.archiving import fresh
from tests.exchanges import STARTED, page, response
from tests.keeping import archive_messages


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """An empty collection in memory."""
    opened = Collection(MemoryStore(), Index(f"sqlite:///{tmp_path}/index.db"))
    yield opened
    opened.close()


def test_fresh_is_what_was_had_within_a_day(collection: Collection) -> None:
    ago = int((now() - STARTED) / timedelta(seconds=1))
    archive_messages(
        collection,
        ("http://a.org/new", page(), ago - 3600),
        ("http://a.org/old", page(), ago - 25 * 3600),
        ("http://a.org/gone", response(b"", status=b"404 Gone"), ago - 3600),
    )
    is_fresh = fresh(collection.index)
    urls = [f"http://a.org/{name}" for name in ("new", "old", "gone", "never")]
    assert [is_fresh(url) for url in urls] == [True, False, False, False]


def test_what_a_page_links_to_cannot_raise(collection: Collection) -> None:
    assert not fresh(collection.index)("http://a.org:99999/picture.png")


def test_index_that_fails_makes_nothing_fresh(collection: Collection, tmp_path: Path) -> None:
    ago = int((now() - STARTED) / timedelta(seconds=1))
    archive_messages(collection, ("http://a.org/new", page(), ago - 3600))
    is_fresh = fresh(collection.index)
    assert is_fresh("http://a.org/new")
    collection.index.close()
    for path in tmp_path.glob("index.db*"):
        path.write_bytes(b"no database" * 999)
    assert not is_fresh("http://a.org/new")
