"""A server over the small archive of `library`, with a queue whose jobs end when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.index import Index
from archive.jobs import ARCHIVE, Limits
from archive.store.local import LocalStore
from archive.view import View
from archive.web.following import Followed
from archive.web.site import Site
from crawler.jobs.local import LocalQueue
from tests.archive.web.pages.library import fill
from tests.archive.web.save.told import Told
from tests.archive.web.serving import Served, served

FOLLOWED = (
    Followed(name="lantern", seeds=("https://news.example.org/",), schedule="every 2h"),
    Followed(name="silent", feeds=("https://silent.example/rss",)),
)

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
"""What browsers accept."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the collection lies, which no test changes."""
    folder = tmp_path_factory.mktemp("library")
    fill(folder)
    return folder


def site(home: Path, told: Told | None) -> Site:
    """A site over a collection; without a worker saving is off."""
    collection = Collection(_store(home), Index(f"sqlite:///{home}/index.db"))
    jobs = None if told is None else LocalQueue({ARCHIVE: told}, Limits(waiting=5, running=2))
    return Site(collection=collection, view=View(collection), sources=FOLLOWED, jobs=jobs)


def _store(home: Path) -> LocalStore:
    return LocalStore(home / "collection")


@contextmanager
def shown(home: Path, told: Told) -> Iterator[Served]:
    """Serve it to a browser."""
    made = site(home, told)
    try:
        with served(made) as running:
            running.client.headers["Accept"] = BROWSER
            yield running
    finally:
        told.go.set()
        made.collection.close()


@pytest.fixture(scope="module")
def pages(home: Path) -> Iterator[Served]:
    """The server, which no test changes."""
    with shown(home, Told()) as running:
        yield running
