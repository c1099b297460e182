"""References made absolute."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scrapy import Request

from crawler.discovery.urls import URL_LENGTH, Base, has_host

BASE = "https://example.org/a/b.html?q=1"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("c.png", "https://example.org/a/c.png"),
        ("/c.png", "https://example.org/c.png"),
        ("../c.png", "https://example.org/c.png"),
        ("/x/../c.png", "https://example.org/c.png"),
        ("//cdn.example.net/c.png", "https://cdn.example.net/c.png"),
        ("?page=2", "https://example.org/a/b.html?page=2"),
        ("http://other.example/x#part", "http://other.example/x"),
        ("HTTP://other.example/x", "http://other.example/x"),
        (" \n c.png\t", "https://example.org/a/c.png"),
        ("c\n.png", "https://example.org/a/c.png"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("", None),
        ("#part", None),
        ("data:,x", None),
        ("javascript:void(0)", None),
        ("mailto:desk@example.org", None),
        ("blob:https://example.org/1", None),
        ("about:blank", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("https:///path", None),
        ("http://[::1", None),
        ("http://host:port/", None),
        ("/" + "x" * URL_LENGTH, None),
        ("/a\x00b", None),
    ],
)
def test_resolve(reference: str, expected: str | None) -> None:
    """Only http and https with a host are left, without fragment."""
    assert Base(BASE).resolve(reference) == expected


@given(st.from_regex(r"(/|//|\?|\./|\.\./)?[a-z0-9/.?=&:-]{1,30}", fullmatch=True))
def test_quick_ways_equal_the_slow_one(reference: str) -> None:
    """Whatever comes out is what the standard library makes of it, but for a query that is empty:
    that is one (URL Standard, 4.4), and browsers ask for it."""
    assume("?#" not in f"{reference}#")
    resolved = Base(BASE).resolve(reference)
    assert resolved is None or resolved == urljoin(BASE, reference)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "//", "/", "http:"]))
def test_any_reference(text: str, prefix: str) -> None:
    """Nothing raises; what comes out can be asked for, or Scrapy refuses it by ValueError."""
    resolved = Base(BASE).resolve(prefix + text)
    if resolved is not None:
        assert has_host(resolved)
        try:
            Request(resolved)
        except ValueError:
            assert not resolved.isascii() or "%" in resolved or "[" in resolved


def test_base_that_is_no_url() -> None:
    """Absolute references can be resolved all the same."""
    for url in ("", "about:srcdoc", "http://[", "nonsense"):
        assert Base(url).resolve("http://example.org/x") == "http://example.org/x"
        assert Base(url).resolve("/x") is None
