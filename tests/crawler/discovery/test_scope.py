"""Scope, and why a URL is in it or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.scope import Scope, host_of

SCOPE = Scope.of(["https://www.example.org/en/"], include=["/en/", "^https://"], exclude=["/tag/"])


@pytest.mark.parametrize(
    ("url", "allowed", "reason"),
    [
        ("https://www.example.org/en/1", True, "in scope"),
        ("http://example.org/en/1", True, "in scope"),
        ("https://EXAMPLE.org:443/de/1", True, "in scope"),
        ("http://example.org/de/1", False, "no include pattern"),
        ("https://example.org/en/tag/1", False, "/tag/"),
        ("https://news.example.org/en/1", False, "news.example.org"),
        ("https://example.org:8443/en/1", False, "example.org:8443"),
        ("ftp://example.org/en/1", False, "only http and https"),
        ("mailto:desk@example.org", False, "only http and https"),
        ("http://[", False, "only http and https"),
    ],
)
def test_decide(url: str, allowed: bool, reason: str) -> None:
    """Host, scheme, exclude, include; the reason is for a reader."""
    decision = SCOPE.decide(url)
    assert decision.allowed is allowed
    assert bool(decision) is allowed
    assert reason in decision.reason


def test_without_hosts_any_host_is_ours() -> None:
    """A source of feeds alone names none."""
    scope = Scope.of([], exclude=["/x"])
    assert scope.decide("https://anywhere.example/")
    assert not scope.decide("https://anywhere.example/x")
    assert scope.with_host_of("https://a.example/") is scope


def test_host_of_a_redirected_seed_is_added() -> None:
    """The patterns stay; the scope itself is not changed."""
    wider = SCOPE.with_host_of("https://example.com/")
    assert wider.decide("https://www.example.com/en/1")
    assert not wider.decide("https://www.example.com/tag/")
    assert not SCOPE.decide("https://www.example.com/en/1")
    assert wider.with_host_of("https://example.com/x") is wider


@given(st.text() | st.from_regex(r"https?://[a-z0-9.:@\[\]-]{0,20}/.{0,5}", fullmatch=True))
def test_any_text(text: str) -> None:
    """Nothing raises, and without a host nothing is ours."""
    assert bool(Scope().decide(text)) is (host_of(text) is not None)
