"""Counting what there is, now and then, by one thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.index import Counts
from archive.view import View
from archive.web.site import Site
from archive.web.stock import Stock
from tests.archive.web.serving import open_site
from tests.exchanges import page
from tests.keeping import archive_messages


class Gated(View):
    """Counts when it is let."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.collection)
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()
        self.times = 0

    def counts(self) -> Counts:
        """See View."""
        self.times += 1
        self.asked.release()
        assert self.go.wait(60)
        return super().counts()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """With one capture."""
    with open_site(f"sqlite:///{tmp_path}/index.db") as opened:
        archive_messages(opened.collection, ("http://a.org/", page(), 0))
        yield opened


def test_counted_once_a_minute(site: Site) -> None:
    at = [1000.0]
    stock, view = Stock(lambda: at[0]), Gated(site)
    view.go.set()
    assert stock.of(view).counts.captures == 1
    archive_messages(site.collection, ("http://b.org/", page(), 0))
    at[0] += 60
    assert (stock.of(view).counts.captures, view.times) == (1, 1)
    assert len(stock.of(view).begun_last) == 1
    at[0] += 1
    assert (stock.of(view).counts.captures, view.times) == (2, 2)
    assert len(stock.of(view).begun_last) == 2


def test_nobody_waits_while_it_is_counted_anew(site: Site) -> None:
    at = [1000.0]
    stock, view = Stock(lambda: at[0]), Gated(site)
    with ThreadPoolExecutor(2) as threads:
        try:
            first = [threads.submit(stock.of, view) for _ in range(2)]
            view.go.set()
            assert {one.result(60).counts.captures for one in first} == {1}
            assert view.times == 1
            archive_messages(site.collection, ("http://b.org/", page(), 0))
            at[0] += 61
            view.go.clear()
            assert view.asked.acquire(timeout=60)
            anew = threads.submit(stock.of, view)
            assert view.asked.acquire(timeout=60)
            assert threads.submit(stock.of, view).result(60).counts.captures == 1
            assert not anew.done()
        finally:
            view.go.set()
        assert anew.result(60).counts.captures == 2
    assert view.times == 2
