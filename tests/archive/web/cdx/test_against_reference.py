"""Any question about any small collection has the answer that the simplest program gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import ArchiveError, ParameterError
from archive.model import Capture
from archive.view import View
from archive.web.cdx.dialects import Dialect
from archive.web.cdx.parameters import resume_key
from archive.web.refusals import refusal_of
from tests.archive.index.samples import FILENAME, capture
from tests.archive.web.cdx.asking import PYWB, WAYBACK, Parameters, ask, view_of
from tests.archive.web.cdx.reference import Question, answer

OTHER = "aaa-20261122093000123-k3m5p7r2t4.warc.gz"
URLS = [
    "http://example.org/",
    "http://example.org/news/",
    "http://example.org/news/1",
    "http://example.org/newsroom",
    "http://a.example.org/news/1",
    "http://example.com/",
]
TIMES = ["20200101000000", "20200101000001", "20210615120000", "20210615130000", "20220101000000"]
DIGESTS = [f"sha256:{letter * 64}" for letter in "abc"]


def made_up(seed: int) -> list[Capture]:
    """A collection of few values, so that much of it is alike."""
    chance = random.Random(seed)
    return [
        capture(
            chance.choice(URLS),
            timestamp=chance.choice(TIMES),
            mime=chance.choice(["text/html", "text/plain", "warc/revisit"]),
            status=chance.choice([0, 200, 204, 301, 404]),
            digest=chance.choice(DIGESTS),
            filename=chance.choice([FILENAME, OTHER]),
            offset=offset,
            length=chance.randint(1, 20),
        )
        for offset in chance.sample(range(10_000), chance.choice([5, 30, 60]))
    ]


SOME = [made_up(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[View]]:
    """Of each of SOME."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(view_of(tmp_path_factory.mktemp("index"), captures))
            for captures in SOME
        ]


which = st.integers(0, len(SOME) - 1)
filters = st.sampled_from(
    [
        "statuscode:200", "!statuscode:404", "statuscode:[23]..", "mimetype:text/.*",
        "!mimetype:t.*l", "original:.*news.*", "digest:sha256:a.*", "timestamp:2020.*",
        "length:1", "!length:1?",
    ]
)  # fmt: skip
collapses = st.sampled_from(["timestamp:4", "urlkey", "digest", "statuscode:1", "timestamp:10"])
questions = st.builds(
    Question,
    url=st.sampled_from(URLS[:5]),
    match=st.sampled_from(["exact", "prefix", "host", "domain"]),
    start=st.sampled_from(["", "", "2020", "2021", "202106151200"]),
    end=st.sampled_from(["", "", "2020", "2021", "20210615"]),
    filters=st.lists(filters, max_size=2).map(tuple),
    collapse=st.lists(collapses, max_size=2, unique=True).map(tuple),
    limit=st.none() | st.integers(-6, 6),
    offset=st.integers(0, 3),
    sort=st.sampled_from(["", "", "reverse"]),
    counters=st.booleans(),
)
EXAMPLES = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def lines_of(view: View, asked: Question, **more: str) -> list[str]:
    return ask(view, WAYBACK, asked.parameters(), **more).splitlines()


@EXAMPLES
@given(number=which, asked=questions)
def test_answers(views: list[View], number: int, asked: Question) -> None:
    view, some = views[number], SOME[number]
    assert lines_of(view, asked) == answer(some, asked)


@EXAMPLES
@given(number=which, asked=questions, at=st.sampled_from(["2021", *TIMES, "19990101", "2030"]))
def test_by_distance(views: list[View], number: int, asked: Question, at: str) -> None:
    asked = replace(asked, match="exact", closest=at, sort="closest", limit=abs(asked.limit or 0))
    view, some = views[number], SOME[number]
    assert lines_of(view, asked) == answer(some, asked)


@EXAMPLES
@given(number=which, asked=questions, size=st.integers(1, 5))
def test_whoever_resumes_gets_everything_once(
    views: list[View], number: int, asked: Question, size: int
) -> None:
    asked = replace(asked, limit=size)
    view, some = views[number], SOME[number]
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        lines = lines_of(view, asked, showResumeKey="true", **more)
        keyed = len(lines) >= 2 and not lines[-2]
        found += lines[:-2] if keyed else lines
        if not keyed:
            break
        # A key is given out only where more follows, and never alone.
        assert len(lines) == size + 2
        more = {"resumeKey": lines[-1]}
    assert found == answer(some, replace(asked, limit=None))


@EXAMPLES
@given(number=which, asked=questions, size=st.integers(1, 3))
def test_pages_make_up_the_whole(
    views: list[View], number: int, asked: Question, size: int
) -> None:
    # What is collapsed at the end of a page is not known on the next one.
    asked = replace(asked, limit=None, offset=0, collapse=(), counters=False)
    more = {"pageSize": str(size)}
    view, some = views[number], SOME[number]
    pages = int(ask(view, WAYBACK, asked.parameters(), showNumPages="true", **more))
    numbers = range(pages) if asked.sort != "reverse" else reversed(range(pages))
    found = [line for page in numbers for line in lines_of(view, asked, page=str(page), **more)]
    assert found == answer(some, asked)
    with pytest.raises(ParameterError, match="behind the last one"):
        lines_of(view, asked, page=str(pages), **more)


@EXAMPLES
@given(number=which, asked=questions)
def test_a_page_can_be_resumed(views: list[View], number: int, asked: Question) -> None:
    asked = replace(asked, limit=2, offset=0, counters=False)
    view = views[number]
    pages = int(ask(view, WAYBACK, asked.parameters(), showNumPages="true"))
    for page in map(str, range(pages)):
        more: dict[str, Any] = {"page": page, "showResumeKey": "true"}
        found: list[str] = []
        while True:
            lines = lines_of(view, asked, **more)
            if len(lines) < 2 or lines[-2]:
                break
            found += lines[:-2]
            more["resumeKey"] = lines[-1]
        assert found + lines == lines_of(view, replace(asked, limit=None), page=page)


nasty = st.sampled_from(
    ["", "0", "-1", "1", "2026", "99999999999999", "true", "x" * 600, "\0", "\n", "\u202e", "%",
     "'", "%00", "*", "*.", "..", "<script>", "status:200", "~url:(a+)+$", "!", ":", "~", "=:",
     "urlkey", "urlkey:3", "reverse", "closest", "domain", "json", "link", "dupecount",
     "http://[", "//",
     resume_key(("org,example)/", "20210101000000", "", 0)), resume_key(("\0", "0" * 14, "", 0)),
     resume_key(("zz", "9" * 14, "z", 10**18))]
)  # fmt: skip
names = st.sampled_from(
    ["url", "matchType", "from", "to", "filter", "collapse", "fl", "limit", "offset", "sort",
     "closest", "page", "pageSize", "resumeKey", "output", "showNumPages", "showPagedIndex",
     "showResumeKey", "showDupeCount", "showSkipCount", "lastSkipTimestamp", "resolveRevisits",
     "gzip"]
)  # fmt: skip


@EXAMPLES
@given(
    number=which,
    url=st.sampled_from([*URLS, "*.example.org", "example.org/*"]),
    parameters=st.lists(st.tuples(names, nasty | st.text(max_size=5)), max_size=6),
    dialect=st.sampled_from([PYWB, WAYBACK]),
)
def test_whatever_is_asked_is_answered_or_refused(
    views: list[View], number: int, url: str, parameters: Parameters, dialect: Dialect
) -> None:
    refused = []
    try:
        ask(views[number], dialect, [("url", url), *parameters])
    except ArchiveError as error:
        refused.append(refusal_of(error).status)
    assert set(refused) <= {400, 404}
