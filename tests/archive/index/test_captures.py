from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from archive.cdxj import to_line
from archive.errors import NotArchived, SegmentUnknown, UrlError
from archive.index import CaptureQuery, Counts, Index
from archive.index.dialect.sqlite import Sqlite
from archive.model import Capture, Segment
from archive.urlkey import Match
from tests.archive.index import samples
from tests.archive.index.conftest import NewIndex
from tests.archive.index.samples import FILENAME, SEGMENT, capture
from tests.servers.postgres import PostgresServer

URL = "https://example.org/news/1"
OTHER = "aaa-20261122093000123-k3m5p7r2t4.warc.gz"  # less than FILENAME, but added after it


def at(timestamp: str, status: int = 200, **changes: Any) -> Capture:
    """A capture of URL whose offset follows from time and status."""
    return capture(URL, timestamp=timestamp, status=status, offset=int(timestamp) * 1000 + status,
                   **changes)  # fmt: skip


# The fixture makes a new index for each example.
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EXAMPLES
@given(some=st.lists(samples.captures, max_size=8, unique_by=lambda found: found.offset))
def test_round_trip(new_index: NewIndex, some: list[Capture]) -> None:
    with new_index() as index:
        index.commit(some)
        index.commit(some)
        assert list(index.captures_of(FILENAME)) == sorted(some, key=lambda found: found.offset)
        assert index.counts().captures == len(some)


@pytest.mark.parametrize(
    "url",
    ["https://www.example.org/", "http://example.org/a/b?x=1", "http://example.org:81/a/?x=1"],
)
def test_a_url_that_follows_from_its_key_is_not_stored(
    sqlite_index: Index, tmp_path: Path, url: str
) -> None:
    index = sqlite_index
    index.commit([capture(url)])
    index.close()
    with sqlite3.connect(tmp_path / "folder/index.db") as connection:
        assert connection.execute("SELECT url FROM captures").fetchall() == [(None,)]
    connection.close()
    assert index.find(url).url == url


def test_characters_that_databases_do_not_keep(index: Index) -> None:
    texts = ["\0", "\x1a", "\x1a0", "\x1a1", "a\0\x1a0\0", "0", "1"]
    kept = [
        capture(f"https://example.org/A{place}", job=text, mime=text, offset=place)
        for place, text in enumerate(texts)
    ]
    index.commit(kept)
    assert list(index.captures_of(FILENAME)) == kept


def test_segments(index: Index) -> None:
    other = replace(SEGMENT, filename=OTHER)
    index.add_segment(other)
    index.add_segment(replace(SEGMENT, path="/spool/2"))
    assert index.segment(FILENAME) == replace(SEGMENT, path="/spool/2")
    assert index.segments() == [other, replace(SEGMENT, path="/spool/2")]
    index.mark_stored(FILENAME)
    stored = Segment(filename=FILENAME, source="example", state="stored")
    index.add_segment(SEGMENT)
    assert index.segment(FILENAME) == stored
    assert index.segments("stored") == [stored]
    assert index.segments("spooled") == [other]
    index.add_segment(replace(stored, filename=OTHER))
    assert index.segments("spooled") == []


def test_unknown_segment(index: Index) -> None:
    lost = capture(filename="lost-20261122093000123-k3m5p7r2t4.warc.gz")
    for action in (
        lambda: index.segment(lost.filename),
        lambda: index.mark_stored(lost.filename),
        lambda: index.commit([capture(), lost]),
        lambda: index.commit([], [samples.document(lost, "text")]),
    ):
        with pytest.raises(SegmentUnknown, match="rebuild-index"):
            action()
    assert list(index.captures_of(lost.filename)) == []
    assert list(index.documents.of_segment(lost.filename)) == []
    assert index.counts() == Counts(segments=1, captures=0, documents=0, unextracted=0)


@pytest.mark.parametrize(
    ("kept", "moment", "any_status", "expected"),
    [
        # Without a time: the newest 2xx, else the newest.
        ([("20260101000000", 200), ("20260102000000", 404)], None, False, 200),
        ([("20260101000000", 301), ("20260102000000", 404)], None, False, 404),
        ([("20260101000000", 200), ("20260102000000", 301)], None, False, 200),
        ([("20260101000000", 200), ("20260102000000", 206)], None, False, 206),
        ([("20260101000000", 200), ("20260102000000", 404)], None, True, 404),
        ([("20260101000000", 0)], None, False, 0),
        # With a time: the nearest 2xx or 3xx, else the nearest.
        ([("20260101000000", 200), ("20260103000000", 301)], "20260102130000", False, 301),
        ([("20260101000000", 200), ("20260103000000", 404)], "20260102130000", False, 200),
        ([("20260101000000", 500), ("20260103000000", 404)], "20260102130000", False, 404),
        ([("20260101000000", 200), ("20260103000000", 404)], "20260102130000", True, 404),
        ([("20260103000000", 200)], "20260101000000", False, 200),
        ([("20260101000000", 200)], "20990101000000", False, 200),
        # An exact time overrides the status.
        ([("20260101000000", 200), ("20260103000000", 404)], "20260103000000", False, 404),
        # Of the same time a 2xx comes first.
        ([("20260101000000", 200), ("20260101000000", 503)], "20260101000000", True, 200),
        ([("20260101000000", 200), ("20260101000000", 503)], None, True, 200),
        ([("20260101000000", 301), ("20260101000000", 404)], "20260102000000", False, 301),
        # As far in both directions: the earlier.
        ([("20260101000000", 200), ("20260103000000", 201)], "20260102000000", False, 200),
        # As dates: 40 seconds before, 30 after, over the end of a year.
        ([("20251231235920", 200), ("20260101000030", 201)], "20260101000000", False, 201),
    ],
)
def test_which_capture_answers(
    index: Index,
    kept: list[tuple[str, int]],
    moment: str | None,
    any_status: bool,
    expected: int,
) -> None:
    index.commit([at(timestamp, status) for timestamp, status in kept])
    index.commit([capture("https://example.org/news/2", status=299)])
    assert index.find(URL, at=moment, any_status=any_status).status == expected


@EXAMPLES
@given(
    kept=st.lists(st.tuples(st.integers(0, 40), st.sampled_from([200, 301, 404])), min_size=1),
    moment=st.none() | st.integers(0, 40),
    any_status=st.booleans(),
)
def test_which_capture_answers_by_definition(
    new_index: NewIndex, kept: list[tuple[int, int]], moment: int | None, any_status: bool
) -> None:
    captures = [
        at(f"202601010000{seconds:02d}", status)
        for seconds, status in sorted({(seconds, status) for seconds, status in kept})
    ]
    chosen = None if moment is None else f"202601010000{moment:02d}"
    with new_index() as index:
        index.commit(captures)
        found = index.find(URL, at=chosen, any_status=any_status)
    good = (200,) if moment is None else (200, 301)
    if not any_status and not any(c.timestamp == chosen for c in captures):
        captures = [c for c in captures if c.status in good] or captures
    if chosen is None:
        best = max(int(c.timestamp) for c in captures)
    else:
        # Within one minute the digits are seconds.
        best = min(
            (int(c.timestamp) for c in captures),
            key=lambda time: (abs(time - int(chosen)), time),
        )
    same = [c for c in captures if int(c.timestamp) == best]
    assert found == max(same, key=lambda c: (c.status == 200, c.offset))


def test_days_that_there_are_not_stand_in_no_ones_way(index: Index) -> None:
    times = ["20240230120000", "20241399000000", "00000000000000", "20260101000000"]
    index.commit([capture(URL, timestamp=time, offset=n) for n, time in enumerate(times)])
    assert index.find(URL, at="20240301000000").timestamp == "20240230120000"
    assert index.find(URL, at="20251231000000").timestamp == "20260101000000"
    assert index.find(URL, at="00010101000000").timestamp == "00000000000000"


def test_of_equals_the_greatest_name_and_offset(index: Index) -> None:
    index.add_segment(replace(SEGMENT, filename=OTHER))
    index.commit([capture(URL, offset=1), capture(URL, offset=3), capture(URL, offset=2)])
    index.commit([capture(URL, offset=9, filename=OTHER)])
    assert index.find(URL) == capture(URL, offset=3)


def test_find_ignores_what_the_key_ignores(index: Index) -> None:
    index.commit([capture("https://www.example.org/News/?b=1&a=2")])
    assert index.find("http://example.org:80/news?a=2&b=1#part").status == 200


@pytest.mark.parametrize(
    "others",
    [
        "https://example.org/News/2026",
        "https://example.org//news/2026",
        "https://example.org/news%2F2026",
    ],
)
def test_of_pages_with_one_key_the_one_that_was_asked_for(index: Index, others: str) -> None:
    """Whichever: each is what the other one is not, and both may be of one second."""
    own = "https://example.org/news/2026"
    first, last = "20260101000000", "20260105000000"
    kept = [
        capture(url, timestamp=time, offset=offset)
        for offset, (url, time) in enumerate(
            [(others, first), (own, first), (others, "20260103000000"), (own, last), (others, last)]
        )
    ]
    index.commit(kept)
    for url in (own, others):
        for other in (url, url.replace("https://", "http://www.")):
            assert index.find(other).url == url
            assert index.find(other, at=first).url == url
            assert index.find(other, at="20260103090000").url == url
    assert index.find(own, at="20260103000000").url == others, "at that very time"


def test_another_page_of_the_key_answers_better(index: Index) -> None:
    """As a redirect to the slash at the end does, whose target has its key."""
    own, other = "https://example.org/A", "https://example.org/a"
    index.commit([
        capture(own, timestamp="20260101000000", status=404, offset=1),
        capture(other, timestamp="20260102000000", status=200, offset=2),
    ])  # fmt: skip
    assert index.find(own).url == other
    assert index.find(own, at="20260101000001").url == other
    assert index.find(own, at="20260101000000").url == own
    assert index.find(own, at="20260101000001", any_status=True).url == own


def test_of_one_second_the_url_itself(index: Index) -> None:
    index.commit(
        [capture("https://example.org/a/", offset=1), capture("http://example.org/a", offset=2)]
    )
    assert index.find("https://example.org/a/").url == "https://example.org/a/"
    assert index.find("https://example.org/a").url == "http://example.org/a"


def test_nothing_found(index: Index) -> None:
    index.commit([capture(URL)])
    with pytest.raises(NotArchived, match="news/2"):
        index.find("https://example.org/news/2")
    with pytest.raises(UrlError):
        index.find("news")


def test_captured_since_means_exactly_the_url(index: Index) -> None:
    index.commit([capture("https://example.org/A.css", timestamp="20260102000000"),
                  capture("https://example.org/b.css", offset=2, status=404)])  # fmt: skip
    assert index.captured_since("https://example.org/A.css", "20260102000000")
    assert index.captured_since("https://example.org/A.css", "20260101000000")
    assert not index.captured_since("https://example.org/A.css", "20260102000001")
    assert not index.captured_since("https://example.org/a.css", "20260101000000")
    assert not index.captured_since("https://www.example.org/A.css", "20260101000000")
    assert not index.captured_since("https://example.org/b.css", "20260101000000")


@pytest.mark.parametrize(
    ("url", "match", "paths"),
    [
        ("https://example.org/news", "exact", ["/news"]),
        ("https://example.org/news", "prefix", ["/news", "/news/1", "/newsroom"]),
        ("https://example.org/news/", "prefix", ["/news/1"]),
        ("https://example.org/x", "host", ["/", "/news", "/news/1", "/newsroom"]),
        ("https://example.org/x", "domain", ["/", "/news", "/news/1", "/newsroom", "/sub"]),
    ],
)
def test_matches(index: Index, url: str, match: Match, paths: list[str]) -> None:
    pages = ["https://example.org" + path for path in ("/", "/news", "/news/1", "/newsroom")]
    pages += ["https://a.example.org/sub", "https://example.com/news", "https://example.organ/"]
    index.commit([capture(page, offset=place) for place, page in enumerate(pages)])
    query = CaptureQuery(url=url, match=match)
    found = [capture.url.partition("example.org")[2] for capture in index.captures(query)]
    assert found == paths
    assert index.count(query) == len(paths)


def test_span_of_time_and_limit(index: Index) -> None:
    days = [at(f"202601{day:02d}120000") for day in range(1, 10)]
    index.commit(days)
    query = CaptureQuery(url=URL, start="20260103120000", end="20260106120000")
    assert list(index.captures(query)) == days[2:6]
    assert list(index.captures(replace(query, limit=2))) == days[2:4]
    assert list(index.captures(replace(query, limit=0))) == []
    assert index.count(query) == 4


@pytest.mark.parametrize("match", ["exact", "domain"])
def test_long_walks_give_the_order_of_lines_and_need_no_open_transaction(
    index: Index, match: Match
) -> None:
    index.add_segment(replace(SEGMENT, filename=OTHER))
    pages = [URL] if match == "exact" else [f"https://example.org/{page}" for page in range(3)]
    some = [
        # Seven to the second: where one batch ends, equal times must stay together.
        capture(page, timestamp=f"{20260101000000 + number // 7:014d}", offset=number * 10 + place,
                filename=OTHER if number % 2 else FILENAME)
        for number in range(2500 // len(pages)) for place, page in enumerate(pages)
    ]  # fmt: skip
    index.commit(some)
    walk = index.captures(CaptureQuery(url=pages[0], match=match))
    found = [next(walk)]
    index.commit([capture("https://example.net/", offset=7)])
    found.extend(walk)
    in_order = sorted(some, key=lambda c: (c.urlkey, c.timestamp, c.filename, c.offset))
    assert found == in_order
    assert [c.offset for c in index.captures_of(OTHER)] == sorted(
        c.offset for c in some if c.filename == OTHER
    )
    keys = [" ".join(to_line(c).split(" ", 2)[:2]) for c in found]
    assert keys == sorted(keys, key=str.encode)


@pytest.mark.parametrize("match", ["exact", "domain"])
def test_what_stands_behind_a_capture(index: Index, match: Match) -> None:
    index.add_segment(replace(SEGMENT, filename=OTHER))
    pages = [URL] if match == "exact" else [URL, "https://a.example.org/", "https://example.org/"]
    some = [
        capture(page, timestamp=f"{20260101000000 + number // 4:014d}", offset=number * 10 + place,
                filename=OTHER if number % 2 else FILENAME)
        for number in range(8) for place, page in enumerate(pages)
    ]  # fmt: skip
    index.commit(some)
    query = CaptureQuery(url="https://example.org/news/1", match=match)
    every = list(index.captures(query))
    for number, last in enumerate(every, 1):
        place = (last.urlkey, last.timestamp, last.filename, last.offset)
        assert list(index.captures(replace(query, after=place))) == every[number:]


def test_a_place_outside_of_the_question_shows_nothing_else(index: Index) -> None:
    index.commit([capture(URL), capture("https://example.com/", offset=1)])
    before = ("com,example)/", "20200101000000", "", 0)
    query = CaptureQuery(url=URL, match="host", after=before)
    assert [found.url for found in index.captures(query)] == [URL]


def plan(path: Path, statements: list[str]) -> list[str]:
    """What SQLite says of how it runs the statements."""
    with closing(sqlite3.connect(path)) as connection:
        return [
            str(row[3])
            for statement in statements
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]


def ask_everything(index: Index) -> None:
    index.find("https://example5.org/7")
    index.find("https://example5.org/7", at="20260101000000")
    index.captured_since("https://example5.org/7", "20260101000000")
    assert (
        len(list(index.captures(CaptureQuery(url="https://example5.org/", match="host")))) == 1000
    )
    assert len(list(index.captures(CaptureQuery(url="https://example5.org/7")))) == 1
    assert len(list(islice(index.captures_of(FILENAME), 2500))) == 2500


def test_questions_are_answered_from_the_keys_alone(sqlite_index: Index, tmp_path: Path) -> None:
    index = sqlite_index
    index.commit([
        capture(f"https://example{site}.org/{page}", offset=site * 1000 + page)
        for site in range(100) for page in range(1000)
    ])  # fmt: skip
    seen: list[str] = []

    def note(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(seen.append)

    event.listen(index._dialect.engine, "checkout", note)
    # What is asked often goes past SQLAlchemy's pool, over connections of its own.
    dialect = index._dialect
    assert isinstance(dialect, Sqlite)
    raw = dialect._take()
    raw.set_trace_callback(seen.append)
    dialect._idle.append((raw.number, raw))
    ask_everything(index)
    steps = plan(tmp_path / "folder/index.db", [sql for sql in seen if sql.startswith("SELECT")])
    on_captures = [step for step in steps if " captures" in step]
    assert len(on_captures) >= 10
    assert [step for step in on_captures if not step.startswith("SEARCH captures USING")] == []
    assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_postgresql_reads_captures_by_the_keys_alone(
    postgres: PostgresServer, postgres_url: str
) -> None:
    with closing(Index(postgres_url)) as index:
        index.add_segment(SEGMENT)
        index.commit([
            capture(f"https://example{site}.org/{page}", offset=site * 1000 + page)
            for site in range(20) for page in range(1000)
        ])  # fmt: skip
        with postgres.connect(postgres_url) as connection:
            connection.execute("ANALYZE")
        with index._database.dialect.engine.connect() as inner:
            # Or it would count what was done before as done behind the reset.
            inner.exec_driver_sql("SELECT pg_stat_force_next_flush()")
            inner.commit()
            reset = "SELECT pg_stat_reset_single_table_counters('captures'::regclass)"
            inner.exec_driver_sql(reset)
            inner.commit()
        ask_everything(index)
    with postgres.connect(postgres_url) as connection:
        scans = connection.execute(
            "SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'captures'"
        ).fetchone()
    assert scans is not None
    assert scans[0] == 0
    assert scans[1] >= 8


def test_a_new_segment_comes_with_its_first_captures_or_not_at_all(index_url: str) -> None:
    stranger = capture(filename="other-20261122093000123-k3m5p7r2t4.warc.gz")
    with closing(Index(index_url)) as index:
        with pytest.raises(SegmentUnknown):
            index.commit([capture(), stranger], (), [SEGMENT])
        assert index.segments() == []
        index.commit([capture()], (), [SEGMENT])
        assert index.segments() == [SEGMENT]
        assert list(index.captures_of(SEGMENT.filename)) == [capture()]
