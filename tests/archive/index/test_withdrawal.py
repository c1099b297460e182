"""Rows whose records are lost leave the index, with all that search knows of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.errors import SegmentUnknown
from archive.index import Index, SearchQuery
from tests.archive.index.samples import FILENAME, SEGMENT, capture, document


def test_rows_without_their_records_hide_nothing_any_more(index: Index) -> None:
    other = replace(SEGMENT, filename=f"older-{FILENAME.partition('-')[2]}")
    index.add_segment(other)
    older = capture(filename=other.filename, timestamp="20200101000000")
    kept, lost = capture("https://example.org/kept", offset=1), capture(offset=2)
    bare = capture("https://example.org/bare", offset=3)
    texts = [document(older, "gold"), document(kept, "silver"), document(lost, "copper")]
    index.commit([older, kept, lost, bare], texts)
    assert index.find(lost.url) == lost

    assert index.keep_only(FILENAME, {kept.offset}) == 2
    assert index.find(lost.url) == older
    assert list(index.captures_of(FILENAME)) == [kept]
    assert [found.article.text for found in index.documents.of_segment(FILENAME)] == ["silver"]
    assert [hit.url for hit in index.documents.search(SearchQuery(words="silver"))] == [kept.url]
    assert [hit.url for hit in index.documents.search(SearchQuery(words="gold"))] == [older.url]
    assert index.documents.search(SearchQuery(words="copper")) == []
    assert index.keep_only(FILENAME, {kept.offset}) == 0

    index.commit([lost], [document(lost, "tin")])
    assert [hit.url for hit in index.documents.search(SearchQuery(words="tin"))] == [lost.url]


def test_unknown_segment_is_named(index: Index) -> None:
    with pytest.raises(SegmentUnknown):
        index.keep_only("nobody-20261122093000123-k3m5p7r2t4.warc.gz", set())
