"""The index at size: loading, look-ups, scans and search, on SQLite and on PostgreSQL."""

from __future__ import annotations

import math
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from archive.index import CaptureQuery, Index, SearchQuery
from archive.index.replacement import Replacement
from archive.index.walking import BATCH, page_of, range_of
from benchmarks import rows
from benchmarks.ratio import Ratio
from tests.servers.postgres import PostgresServer

_AT_ONCE = 5000
_ASKED = 5000
_SCANS = 300
_SEARCHES = 1000
_WARM = 0.2  # share of questions that are asked before it counts


def index(captures: int, documents: int) -> list[Ratio]:
    """All of it, with generated rows."""
    with tempfile.TemporaryDirectory(prefix="press-bench-") as folder:
        url = f"sqlite:///{folder}/index.db"
        found = _load("SQLite", url, captures, floor=40_000)
        size = sum(file.stat().st_size for file in Path(folder).iterdir() if not file.is_symlink())
        print(f"  SQLite: {size / captures:.0f} bytes a capture")
        found += _questions("SQLite", url, captures, p50=0.05, p99=1.0)
    with tempfile.TemporaryDirectory(prefix="press-bench-") as folder:
        found += _search(f"sqlite:///{folder}/index.db", documents)
    with PostgresServer() as server:
        url = server.make_database()
        found += _load("PostgreSQL", url, captures, floor=None)
        with server.connect(url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        print(f"  PostgreSQL: {row[0] / captures:.0f} bytes a capture")
        found += _questions("PostgreSQL", url, captures, p50=1.0, p99=None)
    return found


def _load(name: str, url: str, count: int, *, floor: float | None) -> list[Ratio]:
    spent = 0.0
    source = rows.captures(count)
    with Replacement(url) as fresh:
        fresh.load(segments=rows.segments(count))
        while batch := list(islice(source, _AT_ONCE)):
            began = time.perf_counter()
            fresh.load(captures=batch)
            spent += time.perf_counter() - began
        staged = spent
        began = time.perf_counter()
        fresh.finish()
        spent += time.perf_counter() - began
        with fresh.swap():
            pass
    detail = f"{staged:.0f} s to enter {count}, {spent - staged:.0f} s for keys"
    return [Ratio(f"{name}: captures loaded a second", count / spent, floor, detail=detail)]


def _questions(name: str, url: str, count: int, *, p50: float, p99: float | None) -> list[Ratio]:
    chance = random.Random(17)
    urls = max(1, count // 20)
    sites = rows.sites()
    full = count >= 2 * BATCH * rows.HOSTS  # each host has about as many rows as any other

    def pages() -> Iterator[str]:
        while True:
            yield rows.url(chance.randrange(urls))

    def times() -> Iterator[str]:
        while True:
            day = chance.randrange(28) + 1
            yield f"{2024 + chance.randrange(2)}{chance.randrange(12) + 1:02d}{day:02d}120000"

    with closing(Index(url)) as opened:
        page, moment = pages(), times()
        closest = _measured(lambda: opened.find(next(page), at=next(moment)), _ASKED)
        newest = _measured(lambda: opened.find(next(page)), _ASKED)
        database = opened._database

        def scan() -> None:
            query = CaptureQuery(url=chance.choice(sites), match="host")
            fetched = database.tuples(*page_of(range_of(query)))
            assert opened._known.of(fetched)
            assert len(fetched) == BATCH if full else fetched

        def walk() -> None:
            query = CaptureQuery(url=chance.choice(sites), match="host", limit=BATCH)
            list(opened.captures(query))

        scanned = _measured(scan, _SCANS)
        walked = _measured(walk, _SCANS)
    detail = (
        f"p99 {_p(closest, 99):.3f}; newest: p50 {_p(newest, 50):.3f}, p99 {_p(newest, 99):.3f}"
    )
    found = [
        Ratio(f"{name}: Index.find nearest, p50 ms", _p(closest, 50), p50, True, detail),
        Ratio(
            f"{name}: scan of 1000 rows of a prefix, p50 ms", _p(scanned, 50), 2.0, True,
            f"p99 {_p(scanned, 99):.2f}; as captures p50 {_p(walked, 50):.2f}",
        ),
    ]  # fmt: skip
    if p99 is not None:
        found.insert(1, Ratio(f"{name}: Index.find nearest, p99 ms", _p(closest, 99), p99, True))
    return found


def _search(url: str, count: int) -> list[Ratio]:
    words = rows.vocabulary()
    source = rows.documents(count)
    spent = 0.0
    with closing(Index(url)) as opened:
        opened.add_segments(rows.segments(count))
        while batch := list(islice(source, 1000)):
            began = time.perf_counter()
            opened.commit([capture for capture, _ in batch], [text for _, text in batch])
            spent += time.perf_counter() - began
        print(f"  SQLite: {count / spent:.0f} documents committed a second, 1000 at once")
        chance = random.Random(19)

        def word() -> str:
            # Neither the words of every sentence nor those of none.
            rank = math.exp(chance.uniform(math.log(20), math.log(20_000)))
            return words[int(rank)]

        taken = _measured(
            lambda: opened.documents.search(SearchQuery(words=f"{word()} {word()}")), _SEARCHES
        )
    return [
        Ratio(f"SQLite: search in {count} documents, p50 ms", _p(taken, 50), 10, True),
        Ratio(f"SQLite: search in {count} documents, p95 ms", _p(taken, 95), 60, True),
    ]


def _measured(ask: Callable[[], object], count: int) -> list[float]:
    """Milliseconds of each, sorted."""
    for _ in range(int(count * _WARM)):
        ask()
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def _p(taken: list[float], percent: int) -> float:
    return statistics.quantiles(taken, n=100)[percent - 1]
