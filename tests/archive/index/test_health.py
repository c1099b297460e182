from __future__ import annotations

from archive.index import Index
from archive.model import Segment
from tests.archive.index.samples import capture

NEWER = "example-20261123093000123-k3m5p7r2t5.warc.gz"
OTHER = "courier-20261124093000123-k3m5p7r2t5.warc.gz"


def fill(index: Index) -> None:
    index.add_segments(
        [
            Segment(filename=NEWER, source="example", state="stored"),
            Segment(filename=OTHER, source="courier", state="stored"),
        ]
    )
    index.commit(
        [
            capture("https://example.org/1", offset=1),
            capture("https://example.org/2", offset=2, status=404, timestamp="20261122093001"),
            capture("https://example.org/3", offset=3, kind="requisite"),
            capture("https://example.org/feed", offset=4, kind="list", timestamp="20261122093002"),
            capture("https://example.org/1", filename=NEWER, offset=1, timestamp="20261123093000"),
            capture("https://courier.example/", filename=OTHER, source="courier", offset=1),
        ]
    )


def test_recent_captures_of_a_source_are_pages_and_lists_newest_first(index: Index) -> None:
    fill(index)
    newest_first = ["20261123093000", "20261122093002", "20261122093001", "20261122093000"]
    assert [found.timestamp for found in index.recent("example", 9)] == newest_first
    assert [found.timestamp for found in index.recent("example", 2)] == newest_first[:2]
    assert [found.url for found in index.recent("courier", 9)] == ["https://courier.example/"]
    assert index.recent("nobody", 9) == []


def test_each_save_makes_a_file_of_its_own_and_all_count(index: Index) -> None:
    names = [f"ondemand-202611230930{n:02}123-k3m5p7r2t5.warc.gz" for n in range(12)]
    index.add_segments([Segment(filename=one, source="ondemand", state="stored") for one in names])
    index.commit(
        [
            capture(
                f"https://example.org/{n}",
                filename=name,
                source="ondemand",
                offset=1,
                timestamp=f"202611230930{n:02}",
            )
            for n, name in enumerate(names)
        ]
    )
    assert len(index.recent("ondemand", 100)) == 12
    assert [found.filename for found in index.recent("ondemand", 7)] == names[:4:-1]
