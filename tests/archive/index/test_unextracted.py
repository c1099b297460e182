"""Pages without a document: which captures are meant, and when nobody needs to look any more."""

from __future__ import annotations

from dataclasses import replace

from archive.index import Index
from tests.archive.index.samples import FILENAME, SEGMENT, capture, document


def test_whole_successful_pages_alone_want_text(index: Index) -> None:
    page = capture(offset=1)
    xhtml = capture(offset=2, mime="application/xhtml+xml", status=203)
    others = [
        capture(offset=3, kind="requisite"),
        capture(offset=4, kind="list"),
        capture(offset=5, status=404),
        capture(offset=6, status=301),
        capture(offset=7, mime="image/png"),
        capture(offset=8, mime="warc/revisit"),
        capture(offset=9, truncated="length"),
    ]
    index.commit([page, xhtml, *others])
    assert list(index.documents.unextracted(FILENAME)) == [page, xhtml]
    assert index.counts().unextracted == 2
    assert list(index.captures_of(FILENAME)) == [page, xhtml, *others]


def test_page_that_gets_its_document_is_off_the_list(index: Index) -> None:
    first, second = capture(offset=1), capture(offset=2)
    index.commit([first, second], [document(first, "Text.")])
    assert list(index.documents.unextracted(FILENAME)) == [second]
    index.commit([], [document(second, "Text.")])
    assert list(index.documents.unextracted(FILENAME)) == []
    assert index.counts().unextracted == 0


def test_more_pages_than_one_batch(index: Index) -> None:
    pages = [capture(offset=offset) for offset in range(2500)]
    index.commit(pages)
    assert list(index.documents.unextracted(FILENAME)) == pages


def test_segment_without_doubt_is_not_looked_at(index: Index) -> None:
    other = replace(SEGMENT, filename=f"other{FILENAME[7:]}", source="other")
    index.add_segment(other)
    index.commit([capture(), capture(filename=other.filename)])
    assert index.documents.unextracted_segments() == [SEGMENT, other]
    index.documents.mark_extracted(FILENAME)
    index.documents.mark_extracted("nobody-20261122093000123-k3m5p7r2t4.warc.gz")
    assert index.documents.unextracted_segments() == [other]
    assert index.counts().unextracted == 1
    index.mark_stored(FILENAME)
    index.add_segment(SEGMENT)
    assert index.documents.unextracted_segments() == [other]
