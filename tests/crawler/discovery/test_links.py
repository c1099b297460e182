"""Links of a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.links import Link, links

BASE = "https://example.org/news/"


def test_links_in_order_each_once() -> None:
    """Anchors and areas; other schemes and places in the page are none."""
    html = """<a href=b>b</a><map><area href=/c></map><a href="b#x">again</a>
    <a href=mailto:desk@example.org>m</a><a href=#top>t</a><a name=x>n</a><link href=/no>
    <a href="//other.example/d e">d</a>"""
    assert links(html, BASE) == [
        Link("https://example.org/news/b"),
        Link("https://example.org/c"),
        Link("https://other.example/d e"),
    ]


def test_nofollow() -> None:
    """At the anchor, unless another one leads there without, or for the whole page."""
    html = "<a rel='external NoFollow' href=a>a</a><a href=b>b</a><a rel=nofollow href=b>b</a>"
    assert [link.nofollow for link in links(html, BASE)] == [True, False]
    for directives in ("noindex, nofollow", "none"):
        closed = f"<meta name=Robots content='{directives}'>{html}"
        assert [link.nofollow for link in links(closed, BASE)] == [True, True]


def test_base_element() -> None:
    """The first <base href> counts, itself relative to the page."""
    html = "<base target=_top><base href='/other/'><base href='/third/'><a href=x>x</a>"
    assert links(html, BASE) == [Link("https://example.org/other/x")]


def test_odd_documents() -> None:
    """An XML declaration, NULs, nothing at all, a lone comment."""
    xhtml = '<?xml version="1.0" encoding="utf-16"?><html><a href="x">\0</a></html>'
    assert links(xhtml, BASE) == [Link("https://example.org/news/x")]
    for empty in ("", " \n", "<!--", "<!", "\0", "<!-- only -->", "<?x?>"):
        assert links(empty, BASE) == []


@given(st.text(alphabet=st.sampled_from("<a href='>=/#?&;!-\0") | st.characters()))
def test_any_text(html: str) -> None:
    """Nothing raises."""
    links(html, BASE)
