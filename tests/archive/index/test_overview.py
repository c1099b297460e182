from __future__ import annotations

from archive.index import Index, SourceCounts
from archive.model import Segment
from tests.archive.index.samples import FILENAME, capture, document

NEWER = "courier-20261123093000123-k3m5p7r2t5.warc.gz"


def fill(index: Index) -> None:
    index.add_segment(Segment(filename=NEWER, source="courier", state="stored"))
    old = capture("https://example.org/old", offset=1)
    pages = [
        old,
        capture("https://example.org/both", offset=2),
        capture(
            "https://example.org/both",
            filename=NEWER,
            source="courier",
            offset=3,
            timestamp="20261123100000",
        ),
        capture(
            "https://example.org/new",
            filename=NEWER,
            source="courier",
            offset=4,
            timestamp="20261123110000",
        ),
    ]
    others = [
        capture("https://example.org/missing", offset=5, status=404),
        capture("https://example.org/picture", offset=6, mime="image/png"),
        capture("https://example.org/frame", offset=7, kind="requisite"),
    ]
    index.commit([*pages, *others], [document(page, "A text") for page in pages])


def test_newest_are_pages_with_a_document_each_url_once(index: Index) -> None:
    fill(index)
    last = index.begun_last()
    assert last == [NEWER, FILENAME]
    assert [(found.url, found.timestamp) for found in index.newest(9, last)] == [
        ("https://example.org/new", "20261123110000"),
        ("https://example.org/both", "20261123100000"),
        ("https://example.org/old", "20261122093000"),
    ]
    assert [found.url for found in index.newest(1, last)] == ["https://example.org/new"]


def test_newest_are_in_what_was_begun_last_or_entered_last(index: Index) -> None:
    """An import enters old segments; a crawl begins new ones after the names were looked at."""
    fill(index)
    for number in range(30):
        name = f"imported-20260101000000{number:03d}-k3m5p7r2t6.warc.gz"
        index.add_segment(Segment(filename=name, source="imported", state="stored"))
    names = index.begun_last()
    assert (names[:2], len(names)) == ([NEWER, FILENAME], 20)
    name = "courier-20261124093000123-k3m5p7r2t7.warc.gz"
    index.add_segment(Segment(filename=name, source="courier", state="stored"))
    saved = capture(
        "https://example.org/saved",
        filename=name,
        source="courier",
        offset=8,
        timestamp="20261124100000",
    )
    index.commit([saved], [document(saved, "A text")])
    assert [found.url for found in index.newest(2, names)] == [
        "https://example.org/saved",
        "https://example.org/new",
    ]


def test_sources_are_counted(index: Index) -> None:
    assert [(one.name, one.captures) for one in index.sources()] == [("example", 0)]
    fill(index)
    assert index.sources() == [
        SourceCounts(name="courier", segments=1, newest="20261123093000", captures=2, documents=2),
        SourceCounts(name="example", segments=1, newest="20261122093000", captures=5, documents=2),
    ]
