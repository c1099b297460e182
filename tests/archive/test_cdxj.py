from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.cdxj import from_line, to_line
from archive.errors import RecordError
from archive.model import Capture
from tests.archive.index import samples

DIGEST = f"sha256:{'5e' * 32}"
RECORD_ID = "<urn:uuid:7f3f3c5e-6a3c-4ac3-9e9b-0d6f3a6f1c11>"


def test_golden_line() -> None:
    assert to_line(samples.capture(job=None, request_length=None)) == (
        'org,example)/news/1 20261122093000 {"url": "https://example.org/news/1", '
        f'"mime": "text/html", "status": "200", "digest": "{DIGEST}", "length": "500", '
        '"offset": "1000", "filename": "example-20261122093000123-k3m5p7r2t4.warc.gz", '
        f'"record_id": "{RECORD_ID}", "source": "example"}}'
    )


def test_golden_line_with_everything() -> None:
    capture = samples.capture("http://bücher.example/ü", truncated="time", status=0)
    assert to_line(capture) == (
        "example,xn--bcher-kva)/%c3%bc 20261122093000 "
        '{"url": "http://b\\u00fccher.example/\\u00fc", '
        f'"mime": "text/html", "status": "0", "digest": "{DIGEST}", "length": "500", '
        '"offset": "1000", "filename": "example-20261122093000123-k3m5p7r2t4.warc.gz", '
        f'"record_id": "{RECORD_ID}", "source": "example", "job": "job-1", '
        '"request_length": 300, "truncated": "time"}'
    )


@given(samples.captures)
def test_round_trip(capture: Capture) -> None:
    line = to_line(capture)
    assert line.isascii()
    assert "\n" not in line
    assert from_line(line) == capture
    assert from_line(f"{line}\r\n") == capture


@given(st.lists(samples.captures, min_size=2, max_size=4))
def test_lines_sort_bytewise_by_key_and_time(some: list[Capture]) -> None:
    lines = sorted(to_line(capture).encode() for capture in some)
    found = [from_line(line.decode()) for line in lines]
    assert all((a.urlkey, a.timestamp) <= (b.urlkey, b.timestamp) for a, b in pairwise(found))


LINE = to_line(samples.capture())
FIELDS = json.loads(LINE.split(" ", 2)[2])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "org,example)/ 20261122093000",
        "org,example)/ 2026112209300 {}",
        "org,example)/ 2026112209300٣ {}",
        "org,example)/ 20261122093000 []",
        "org,example)/ 20261122093000 {}",
        f"org,example)/ 20261122093000 {'[' * 100_000}",
        LINE[:-1],
        *(
            f"org,example)/ 20261122093000 {json.dumps({**FIELDS, name: value})}"
            for name, value in {
                "url": 1,
                "status": "-",
                "offset": "-1",
                "length": "1" * 30,
                "truncated": "maybe",
                "request_length": None,
                "job": 1,
            }.items()
        ),
    ],
)
def test_damaged_line(line: str) -> None:
    with pytest.raises(RecordError):
        from_line(line)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(RecordError):
        from_line(text)
