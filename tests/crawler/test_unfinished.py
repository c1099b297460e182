"""The mark of a crawl that has begun: by whom it is gone on with, and when not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from archive.errors import SourceBusy, WriteError
from config.sources import Source
from crawler.unfinished import UnfinishedCrawl, unfinished_crawls

SOURCE = Source(name="one", seeds=("https://example.org/",))


def _begin(home: Path, source: Source = SOURCE, *, fresh: bool = False) -> UnfinishedCrawl:
    return UnfinishedCrawl.begin(home, source, fresh=fresh)


def _interrupted(home: Path) -> str:
    mark = _begin(home)
    mark.end(finished=False)
    return mark.job


def test_interrupted_one_is_gone_on_with_until_it_is_finished(tmp_path: Path) -> None:
    job = _interrupted(tmp_path)
    assert unfinished_crawls(tmp_path) == {"one"}
    again = _begin(tmp_path)
    assert (again.job, again.resumed) == (job, True)
    again.end(finished=True)
    assert unfinished_crawls(tmp_path) == frozenset()
    other = _begin(tmp_path)
    assert other.job != job
    assert not other.resumed
    other.end(finished=True)


def test_of_two_at_once_only_one_crawls(tmp_path: Path) -> None:
    first = _begin(tmp_path)
    for fresh in (False, True):
        with pytest.raises(SourceBusy, match=f"one is being crawled by process {os.getpid()}:"):
            _begin(tmp_path, fresh=fresh)
    first.end(finished=False)
    assert _begin(tmp_path).job == first.job


def _elsewhere(home: Path) -> UnfinishedCrawl:
    return _begin(home, Source(name="one", seeds=("https://example.org/other",)))


def _anew(home: Path) -> UnfinishedCrawl:
    return _begin(home, fresh=True)


def _next_week(home: Path) -> UnfinishedCrawl:
    then = time.time() - 7 * 86_400
    os.utime(home / "crawls/one.json", (then, then))
    return _begin(home)


def _damaged(home: Path) -> UnfinishedCrawl:
    (home / "crawls/one.json").write_text("{")
    return _begin(home)


@pytest.mark.parametrize("begin", [_elsewhere, _anew, _next_week, _damaged])
def test_what_begins_anew(tmp_path: Path, begin: object) -> None:
    assert callable(begin)
    job = _interrupted(tmp_path)
    mark = begin(tmp_path)
    assert mark.job != job
    assert not mark.resumed
    mark.end(finished=False)
    # From now on this one is the interrupted one.
    assert begin is _elsewhere or _begin(tmp_path).job == mark.job


def test_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "crawls").write_text("in the way")
    with pytest.raises(WriteError, match="one"):
        _begin(tmp_path)


def test_one_that_could_not_begin_keeps_no_lock(tmp_path: Path) -> None:
    (tmp_path / "crawls/one.json").mkdir(parents=True)
    with pytest.raises(WriteError, match="one"):
        _begin(tmp_path)
    (tmp_path / "crawls/one.json").rmdir()
    mark = _begin(tmp_path)
    mark.end(finished=False)
    assert unfinished_crawls(tmp_path) == {"one"}
