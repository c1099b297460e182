"""Parsing of srcset, by the algorithm of the HTML standard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.srcset import srcset_urls


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a.png", ["a.png"]),
        ("a.png 1x, b.png 2x", ["a.png", "b.png"]),
        (" a.png 100w ,b.png 200w", ["a.png", "b.png"]),
        ("a.png, b.png", ["a.png", "b.png"]),
        ("a.png,b.png 2x", ["a.png,b.png"]),
        ("/w_1,h_2/a.png 1x, /w_2,h_4/a.png 2x", ["/w_1,h_2/a.png", "/w_2,h_4/a.png"]),
        ("data:image/gif;base64,R0l 1x, b.png 2x", ["data:image/gif;base64,R0l", "b.png"]),
        ("a.png (1, 2) 1x, b.png", ["a.png", "b.png"]),
        (",,, a.png,,", ["a.png"]),
        ("", []),
        (" , ", []),
    ],
)
def test_candidates(value: str, expected: list[str]) -> None:
    """Commas separate only at the end of a URL or behind descriptors."""
    assert srcset_urls(value) == expected


@given(st.text(alphabet=st.sampled_from("ab, ()\n1x") | st.characters()))
def test_any_text(value: str) -> None:
    """Nothing raises, and no URL is made up."""
    assert all(url in value and url for url in srcset_urls(value))


@given(st.lists(st.from_regex(r"[a-z/.]{1,9}(,[a-z]{1,3})?", fullmatch=True)))
def test_candidates_come_back(found: list[str]) -> None:
    """What is written by the rules is read as it was."""
    assert srcset_urls(", ".join(f"{url} 2x" for url in found)) == found


def test_long_values_take_linear_time() -> None:
    """A megabyte of each."""
    for piece in (",", "a ", "(", "a(", "a, "):
        srcset_urls(piece * 500_000)
