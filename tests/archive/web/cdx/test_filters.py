"""Filters: both ways of writing them, and strangers who write them to do harm."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.errors import ParameterError
from archive.web.cdx.dialects import PYWB, WAYBACK, Dialect
from archive.web.cdx.filters import LONGEST_PATTERN, read_filter
from archive.web.cdx.lines import Line

LINE: Line = {
    "urlkey": "org,example)/news?id=7",
    "timestamp": "20261122093000",
    "url": "https://example.org/news?id=7",
    "mime": "text/html",
    "status": "200",
    "digest": f"sha256:{'5e' * 32}",
    "length": "512",
}
FIELDS = ("urlkey", "timestamp", "url")


def keeps(text: str, dialect: Dialect, line: Line = LINE) -> bool:
    return read_filter(text, dialect.unmarked).keeps(line, FIELDS)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("statuscode:200", True),
        ("statuscode:2", False),  # the whole value
        ("statuscode:2.*", True),
        ("statuscode:[23]..", True),
        ("!statuscode:404", True),
        ("!statuscode:200", False),
        ("mimetype:text/.*", True),
        ("mimetype:(text|image)/.*", True),
        ("original:.*id=7", True),
        ("original:https?://[^/]+/news.*", True),
        (f"digest:sha256:{'5e' * 32}", True),
        ("redirect:-", True),
        ("status:200", True),  # the other dialect's names are understood
        ("=mime:text/html", True),  # and its marks
        (".*example.*", True),  # no field: the whole line
        (".*2026.*http.*", True),
        ("!.*example.*", False),
    ],
)
def test_of_the_wayback_machine(text: str, kept: bool) -> None:
    assert keeps(text, WAYBACK) is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("status:200", True),
        ("status:20", True),  # contains
        ("!status:20", False),
        ("=status:20", False),
        ("=status:200", True),
        ("!=status:200", False),
        ("~status:2", True),  # from the beginning, not up to the end
        ("~status:00", False),
        ("!~status:4..", True),
        ("url:example.org", True),
        ("url:example?org", False),  # no pattern
        ("~url:.*example.org", True),
        ("statuscode:200", True),
        ("20261122", True),  # no field: the whole line
        ("~org,.*2026", True),
    ],
)
def test_of_pywb(text: str, kept: bool) -> None:
    assert keeps(text, PYWB) is kept


# `re` warns of patterns that a later version may read in another way; RE2 has no such plans.
@pytest.mark.filterwarnings("ignore:Possible (set|nested set):FutureWarning")
@example(pattern="a[[]", value="a[")
@example(pattern="[a||]b", value="|b")
@example(pattern="a.*", value="ab")
@example(pattern="a.", value="ab")
@given(
    pattern=st.builds(str.__add__, st.text("ab.*|()[]", max_size=4), st.sampled_from(["", ".*"])),
    value=st.text("ab.", max_size=4),
)
def test_short_ways_mean_the_same(pattern: str, value: str) -> None:
    """What looks like a literal text, or the beginning of one, is not compiled."""
    try:
        expected = re.fullmatch(pattern, value) is not None
        found = keeps(f"url:{pattern}", WAYBACK, LINE | {"url": value})
    except (re.error, ParameterError):
        return
    assert found is expected


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$", "((a*)*)*b", "(?:a?){100}a{100}b"]
)
def test_patterns_that_stall_others(pattern: str) -> None:
    """In `re` each of these takes longer than the sun will shine."""
    assert not keeps(f"~url:{pattern}", PYWB, LINE | {"url": "a" * 60_000 + "!"})


@pytest.mark.parametrize(
    "text",
    [
        "~url:(?=a)",
        r"~url:(a)\1",
        "~url:(",
        "~url:[",
        "~url:a{1000}{1000}{1000}",
        "~url:" + "(" * 300 + ")" * 300,
        "~url:(((((((a{100}){100}){100}){100}){100}){100}){100})",
        "url:" + "a" * (LONGEST_PATTERN + 1),
        "nonsense:200",
        "!=nonsense:200",
    ],
)
def test_what_is_refused(text: str) -> None:
    for dialect in (PYWB, WAYBACK):
        with pytest.raises(ParameterError) as error:
            read_filter(text, dialect.unmarked)
        assert len(str(error.value)) < 600
