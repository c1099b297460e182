"""Every test of the index runs on each database that can hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from archive.index import Index
from tests.archive.index.samples import SEGMENT
from tests.servers.postgres import PostgresServer

NewIndex = Callable[[], AbstractContextManager[Index]]


@pytest.fixture(params=["sqlite", "postgresql"])
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/index.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def index(index_url: str) -> Iterator[Index]:
    """A new index that knows the segment of the samples."""
    index = Index(index_url)
    index.add_segment(SEGMENT)
    yield index
    index.close()


@pytest.fixture
def new_index(
    request: pytest.FixtureRequest, index_url: str, tmp_path_factory: pytest.TempPathFactory
) -> NewIndex:
    """As many of them as wanted, one after the other."""

    @contextmanager
    def make() -> Iterator[Index]:
        if index_url.startswith("sqlite"):
            url = f"sqlite:///{tmp_path_factory.mktemp('index')}/index.db"
        else:
            url = index_url
            server: PostgresServer = request.getfixturevalue("postgres")
            server.empty(url)
        index = Index(url)
        index.add_segment(SEGMENT)
        yield index
        index.close()

    return make


@pytest.fixture
def sqlite_index(tmp_path: Path) -> Iterator[Index]:
    """One in the file folder/index.db, for what only files have."""
    index = Index(f"sqlite:///{tmp_path}/folder/index.db")
    index.add_segment(SEGMENT)
    yield index
    index.close()
