"""URLs in style sheets, well-formed and not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.css import css_urls
from crawler.discovery.requisites import Requisite, css_requisites


def urls(css: str) -> list[str]:
    return [found.url for found in css_urls(css)]


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a{background:url(x.png)}", ["x.png"]),
        ("a{background:URL( 'x.png' )}", ["x.png"]),
        ('a{background:url("a b)c.png")}', ["a b)c.png"]),
        (r"a{background:url(a\)b\ c.png)}", ["a)b c.png"]),
        (r"a{background:url(\78 y.png)}", ["xy.png"]),
        ('a{background:url("x\\\n.png")}', ["x.png"]),
        ("@import 'a.css';@import url(b.css) screen;", ["a.css", "b.css"]),
        ("@import/**/\"a.css\" layer(x) supports(display: grid);b{c:'d'}", ["a.css"]),
        ("@namespace svg url(http://www.w3.org/2000/svg);", []),
        ("a{content:'url(no.png)'}", []),
        ("/* url(no.png) */ a{b:url(yes.png)}", ["yes.png"]),
        ("a{b:myurl(no.png)}", []),
        ("a{b:image-set('1.png' 1x, url(2.png) type('image/avif') 2x)}", ["1.png", "2.png"]),
        ("a{b:-webkit-image-set(url(1.png) 1x)}", ["1.png"]),
        ("a{b:url(bad'.png)} c{d:url(good.png)}", ["good.png"]),
        ("a{b:'broken\n} c{d:url(good.png)}", ["good.png"]),
        ("a{b:url(open.png", ["open.png"]),
        ("a{b:url('open.png", ["open.png"]),
        ("/* never closed url(x)", []),
        ("a{b:url(data:image/png;base64,AA==)}", ["data:image/png;base64,AA=="]),
        ("a{b:url()}", []),
        ("a{b:url(1.png),url(2.png)}", ["1.png", "2.png"]),
    ],
)
def test_urls(css: str, expected: list[str]) -> None:
    """Comments, strings, escapes, functions and what is broken (CSS Syntax, 4)."""
    assert urls(css) == expected


def test_kinds_and_addresses() -> None:
    """What a URL is for follows from where it stands; it is relative to the sheet."""
    css = (
        "@import 'other.css'; @font-face{font-family:x;src:url(f.woff2) format('woff2'),"
        "url(f.woff)} a{b:url(/i.png#part)} c{d:url(data:,x)}"
    )
    assert css_requisites(css, "https://example.org/css/main.css") == [
        Requisite("https://example.org/css/other.css", "style"),
        Requisite("https://example.org/css/f.woff2", "font"),
        Requisite("https://example.org/css/f.woff", "font"),
        Requisite("https://example.org/i.png", "image"),
    ]


@given(st.text(alphabet=st.sampled_from("url(@import'\"\\/*;{}) \na-") | st.characters()))
def test_any_text(css: str) -> None:
    """Nothing raises."""
    css_urls(css)


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_quoted_url_comes_back(url: str) -> None:
    """Whatever is escaped by the rules is read as it was."""
    escaped = url.replace("\\", "\\\\").replace('"', '\\"')
    assert urls(f'a{{b:url("{escaped}")}}') == [url]


@pytest.mark.parametrize(
    "piece", ["url(", "/*", "'", "\\", "@import ", "(", "image-set('", "url('"]
)
def test_hostile_sheets_take_linear_time(piece: str) -> None:
    """A megabyte of beginnings without an end; quadratic time would be hours."""
    css_urls(piece * (1_000_000 // len(piece)))
