"""What a query string asks for, and what is refused."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ArchiveError, ParameterError
from archive.index import CaptureQuery
from archive.web.cdx.dialects import PYWB, WAYBACK, Dialect
from archive.web.cdx.lines import KNOWN
from archive.web.cdx.parameters import (
    MOST_LAST,
    CdxRequest,
    read_request,
    read_resume_key,
    resume_key,
)

DIALECTS = [PYWB, WAYBACK]


def read(dialect: Dialect = WAYBACK, /, **given: str) -> CdxRequest:
    parameters = {"url": "example.org", **given}
    return read_request(urlencode(parameters).encode(), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("given_url", "match", "expected", "means"),
    [
        ("example.org/a", "", "http://example.org/a", "exact"),
        ("https://example.org/a?b=%2F", "", "https://example.org/a?b=%2F", "exact"),
        ("http%3A//example.org/a", "", "http://example.org/a", "exact"),
        ("http:/example.org/a", "", "http://example.org/a", "exact"),
        ("example.org/a*", "", "http://example.org/a", "prefix"),
        ("example.org/*", "prefix", "http://example.org/", "prefix"),
        ("*.example.org", "", "http://example.org", "domain"),
        ("*.example.org/x", "domain", "http://example.org/x", "domain"),
        ("example.org", "host", "http://example.org", "host"),
        ("example.org/*", "exact", "http://example.org/*", "exact"),
    ],
)
def test_urls(dialect: Dialect, given_url: str, match: str, expected: str, means: str) -> None:
    about = read(dialect, url=given_url, matchType=match).about
    assert (about.url, about.match) == (expected, means)


@pytest.mark.parametrize(
    ("given_time", "start", "end"),
    [
        ("2", "20000000000000", "29999999999999"),
        ("2026", "20260000000000", "20269999999999"),
        ("20261122", "20261122000000", "20261122999999"),
        ("20261122093000", "20261122093000", "20261122093000"),
        ("20261122093000123", "20261122093000", "20261122093000"),
    ],
)
def test_times_are_filled_up(given_time: str, start: str, end: str) -> None:
    found = read(**{"from": given_time, "to": given_time}).about
    assert found == CaptureQuery(url="http://example.org", start=start, end=end)
    assert read(from_ts=given_time).about.start == start


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", ""),
        ("url", "ftp://example.org/"),
        ("url", "http://"),
        ("matchType", "fuzzy"),
        ("from", "yesterday"),
        ("to", "2026-11-22"),
        ("closest", "x"),
        ("limit", "many"),
        ("limit", "-1000000"),
        ("limit", "99999999999999999999999999"),
        ("offset", "-1"),
        ("page", "one"),
        ("pageSize", "0"),
        ("pageSize", "100000"),
        ("sort", "random"),
        ("output", "xml"),
        ("collapse", "nonsense"),
        ("collapse", "timestamp:0"),
        ("collapse", "timestamp:x"),
        ("fl", "urlkey,nonsense"),
        ("fields", "urlkey,"),
        ("fl", ",".join(["urlkey"] * (len(KNOWN) + 1))),
        ("resumeKey", "nonsense"),
        ("resumeKey", "%%%"),
    ],
)
def test_what_is_refused(dialect: Dialect, name: str, value: str) -> None:
    with pytest.raises(ArchiveError) as error:
        read(dialect, **{name: value})
    assert len(str(error.value)) < 400


def test_how_many_digits_a_time_may_have_is_said() -> None:
    assert read(**{"from": "2" * 19}).about.start == "2" * 14
    with pytest.raises(ParameterError, match="1 to 19 digits"):
        read(**{"from": "2" * 20})


def test_all_fields_may_be_named() -> None:
    assert read(fl=",".join(sorted(KNOWN))).fields == tuple(sorted(KNOWN))


def test_many_parameters_are_refused() -> None:
    for pairs in ([("filter", "status:200")] * 17, [("x", "1")] * 200):
        with pytest.raises(ParameterError):
            read_request(urlencode([("url", "example.org"), *pairs]).encode(), PYWB)


def test_distance_is_of_one_url() -> None:
    with pytest.raises(ParameterError, match="one URL"):
        read(matchType="prefix", sort="closest", closest="2026")
    # Without a time there is no distance.
    assert read(PYWB, matchType="prefix", sort="closest", closest="").order == "regular"
    assert read(PYWB, closest="2026").order == "closest"
    assert read(closest="20260", sort="closest").closest == "20260101000000"[:14]


def test_limits() -> None:
    assert read(PYWB).limit == 100_000
    assert read(WAYBACK).limit is None
    assert read(PYWB, limit="0").limit is None
    assert read(limit="-5").limit == -5
    assert read(page="-1").page is None


def test_what_is_held_is_bounded() -> None:
    for limit, most in ((-1, MOST_LAST - 1), (-MOST_LAST, 0)):
        assert read(limit=str(limit), offset=str(most)).offset == most
        with pytest.raises(ParameterError, match="sort=reverse"):
            read(limit=str(limit), offset=str(most + 1))
    assert read(limit="1", offset="1000000000").offset == 10**9


@pytest.mark.parametrize("value", ["true", "1", "TRUE", "yes"])
def test_flags(value: str) -> None:
    assert read(showResumeKey=value).resume_key
    assert read(resolveRevisits=value).resolve_revisits
    assert not read(PYWB, showResumeKey=value).resume_key  # it has no such thing


@pytest.mark.parametrize("value", ["false", "0", "", "off"])
def test_flags_that_are_off(value: str) -> None:
    assert not read(showResumeKey=value).resume_key
    assert not read(gzip=value).gzip


@given(
    place=st.tuples(
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1),
        st.text("0123456789", min_size=14, max_size=14),
        st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E)),
        st.integers(0, 1 << 50),
    )
)
def test_resume_keys_are_read_as_they_were_written(place: tuple[str, str, str, int]) -> None:
    key = resume_key(place)
    assert read_resume_key(key) == place
    assert key.replace("-", "").replace("_", "").isalnum()


@given(query=st.binary(max_size=80), dialect=st.sampled_from(DIALECTS))
def test_any_query_string_is_read_or_refused(query: bytes, dialect: Dialect) -> None:
    for text in (query, b"url=example.org&" + query):
        try:
            read_request(text, dialect)
        except ArchiveError:
            continue
