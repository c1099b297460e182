"""Pages of hits: one goes on behind the last hit of the one before, whatever came in meanwhile."""

from __future__ import annotations

from dataclasses import replace

from archive.index import Index, SearchQuery
from archive.urlkey import urlkey
from tests.archive.index.samples import capture, document

QUERY = SearchQuery(words="factory", limit=3)


def add(index: Index, number: int, times: int) -> None:
    """A page with the word so many times among ten, and its rank follows from that."""
    page = capture(f"https://example.org/{number}", offset=number)
    text = "factory " * times + "other " * (10 - times)
    index.commit([page], [document(page, text)])


def urls(index: Index, query: SearchQuery) -> list[str]:
    return [hit.url for hit in index.documents.search(query)]


def test_pages_go_on_behind_a_hit(index: Index) -> None:
    for number in range(8):
        add(index, number, number + 1)
    whole = urls(index, replace(QUERY, limit=20))
    assert len(whole) == 8
    seen: list[str] = []
    while page := urls(
        index, replace(QUERY, offset=len(seen), after=urlkey(seen[-1]) if seen else None)
    ):
        seen += page
    assert seen == whole


def test_what_comes_in_before_moves_nothing(index: Index) -> None:
    for number in range(6):
        add(index, number, number + 1)
    whole = urls(index, replace(QUERY, limit=20))
    for number in range(6, 9):
        add(index, number, 9)
    behind = replace(QUERY, offset=3, after=urlkey(whole[2]))
    assert urls(index, behind) == whole[3:]
    assert urls(index, replace(behind, after=None)) != whole[3:]


def test_a_hit_that_is_gone_leaves_its_place(index: Index) -> None:
    for number in range(6):
        add(index, number, number + 1)
    whole = urls(index, replace(QUERY, limit=20))
    gone = replace(QUERY, offset=3, after="org,example)/gone")
    assert urls(index, gone) == whole[3:]
