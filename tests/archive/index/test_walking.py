"""Captures forward and back, between places, and cut into blocks."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.index import CaptureQuery, Index
from archive.index.blocks import Blocks
from archive.index.walking import place_of
from archive.model import Capture
from archive.urlkey import Match
from tests.archive.index.conftest import NewIndex
from tests.archive.index.samples import FILENAME, SEGMENT, capture
from tests.archive.index.test_captures import EXAMPLES, OTHER

SITE = "https://example.org/"


def some_captures(count: int, pages: int, same: int) -> list[Capture]:
    """So many of each page, `same` of them to the second."""
    return [
        capture(f"{SITE}{page}", timestamp=f"{20260101000000 + number // same:014d}",
                offset=number * 10 + page, filename=OTHER if number % 2 else FILENAME)
        for number in range(count) for page in range(pages)
    ]  # fmt: skip


def fill(index: Index, some: list[Capture]) -> list[Capture]:
    """Enter captures; those in the order of lines."""
    index.add_segment(replace(SEGMENT, filename=OTHER))
    index.commit(some)
    return sorted(some, key=place_of)


@pytest.mark.parametrize("match", ["exact", "host"])
def test_backwards(index: Index, match: Match) -> None:
    pages = 1 if match == "exact" else 3
    every = fill(index, some_captures(1500 // pages, pages, same=7))
    query = CaptureQuery(url=f"{SITE}0", match=match, reverse=True)
    assert list(index.captures(query)) == every[::-1]
    assert list(index.captures(replace(query, limit=3))) == every[:-4:-1]
    start, end = every[5].timestamp, every[-5].timestamp
    within = [found for found in every if start <= found.timestamp <= end]
    assert list(index.captures(replace(query, start=start, end=end))) == within[::-1]


@EXAMPLES
@given(
    match=st.sampled_from(["exact", "prefix", "host"]),
    places=st.tuples(st.integers(0, 23), st.integers(0, 23)),
    reverse=st.booleans(),
    times=st.tuples(st.integers(0, 4), st.integers(0, 4)) | st.none(),
)
def test_between_two_places(
    new_index: NewIndex,
    match: Match,
    places: tuple[int, int],
    reverse: bool,
    times: tuple[int, int] | None,
) -> None:
    with new_index() as index:
        every = fill(index, some_captures(8, 3, same=3))
        url = f"{SITE}1" if match == "exact" else SITE
        low, high = (place_of(every[place]) for place in places)
        query = CaptureQuery(url=url, match=match, after=low, before=high, reverse=reverse)
        if times is not None:
            start, end = (f"{20260101000000 + time:014d}" for time in times)
            query = replace(query, start=start, end=end)
        expected = [
            found
            for found in every
            if low < place_of(found) < high
            and (match != "exact" or found.url == url)
            and (times is None or query.start <= found.timestamp <= query.end)  # type: ignore[operator]  # both are set
        ]
        assert list(index.captures(query)) == (expected[::-1] if reverse else expected)


@pytest.mark.parametrize("match", ["exact", "host"])
@pytest.mark.parametrize("same", [1, 4, 25])
def test_blocks_hold_every_capture_once(index: Index, match: Match, same: int) -> None:
    every = fill(index, some_captures(50, 1 if match == "exact" else 3, same))
    query = CaptureQuery(url=f"{SITE}0", match=match)
    cut = Blocks(index._database.rows, size=10)
    begins = cut.begins(query, 0, cut.number(query, 99))
    ends = [*begins[1:], None]
    blocks = [
        list(index.captures(replace(query, after=begin, before=end)))
        for begin, end in zip(begins, ends, strict=True)
    ]
    assert list(chain.from_iterable(blocks)) == every
    # What is of one second stays together.
    assert all(abs(len(block) - 10) < same or same > 10 for block in blocks[:-1])
    assert all(blocks)
    assert all(one < other for one, other in pairwise(begins))


def test_blocks_stay_where_they_were_cut(index: Index) -> None:
    fill(index, some_captures(20, 1, same=1))
    query = CaptureQuery(url=f"{SITE}0")
    blocks = Blocks(index._database.rows, size=5)
    assert blocks.number(query, 2) == 2
    assert blocks.number(query, 99) == 4
    before = blocks.begins(query, 0, 9)
    assert len(before) == 4
    years = range(2020, 2040)
    index.commit([
        capture(f"{SITE}0", timestamp=f"{year}0101000000", offset=year) for year in years
    ])  # fmt: skip
    after = blocks.begins(query, 0, 9)
    assert after[:4] == before
    assert len(after) > 4
    assert blocks.begins(query, 2, 2) == before[2:4]
    assert blocks.begins(query, 9, 2) == []


def test_blocks_are_answered_though_their_cut_is_forgotten_meanwhile(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(index, some_captures(20, 1, same=1))
    query = CaptureQuery(url=f"{SITE}0")
    expected = Blocks(index._database.rows, size=5).begins(query, 0, 9)
    assert len(expected) == 4
    monkeypatch.setattr("archive.index.blocks._RANGES", 0)
    assert Blocks(index._database.rows, size=5).begins(query, 0, 9) == expected


def test_nothing_has_no_blocks(index: Index) -> None:
    assert index.blocks(CaptureQuery(url=SITE), 0, 1) == []
    assert index.count_blocks(CaptureQuery(url=SITE), 1) == 0
    index.commit([capture(SITE)])
    query = CaptureQuery(url=SITE, match="domain")
    assert index.count_blocks(query, 5) == len(index.blocks(query, 0, 5)) == 1
