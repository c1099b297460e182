"""Requisites of a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.requisites import Requisite, requisites

BASE = "https://example.org/news/page"


def found(html: str) -> list[tuple[str, str]]:
    """Path and kind of each."""
    return [
        (requisite.url.removeprefix("https://example.org/"), requisite.kind)
        for requisite in requisites(html, BASE)
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src=/1 srcset='/2 1x, /3 2x'>", [("1", "image"), ("2", "image"), ("3", "image")]),
        ("<img data-src=/1.jpg data-srcset='/2 1x'>", [("1.jpg", "image"), ("2", "image")]),
        ("<img src=data:, data-original=/1.jpg>", [("1.jpg", "image")]),
        ("<img data-lazy=true data-src='{\"a\":1}'>", []),
        ("<amp-img src=/1></amp-img>", [("1", "image")]),
        (
            "<picture><source srcset='/1 1x' data-srcset=/2><img src=/3></picture>",
            [("1", "image"), ("2", "image"), ("3", "image")],
        ),
        ("<input type=IMAGE src=/1><input src=/2>", [("1", "image")]),
        (
            "<svg><image xlink:href=/1 /><use href='/2.svg#i'/><use href='#i'/></svg>",
            [("1", "image"), ("2.svg", "image")],
        ),
        ("<link rel='alternate stylesheet' href=/1>", [("1", "style")]),
        ("<link rel=preload as=style href=/1>", [("1", "style")]),
        ("<link rel=preload as=font href=/1>", [("1", "font")]),
        (
            "<link rel=preload as=image imagesrcset='/1 1x, /2 2x'>",
            [("1", "image"), ("2", "image")],
        ),
        ("<link rel=modulepreload href=/1>", [("1", "script")]),
        ("<link rel='shortcut icon' href=/1>", [("1", "image")]),
        (
            "<link rel=apple-touch-icon href=/1><link rel=mask-icon href=/2>",
            [("1", "image"), ("2", "image")],
        ),
        ("<link rel=manifest href=/1>", [("1", "other")]),
        (
            "<link rel=canonical href=/1><link rel=alternate href=/2><link rel=preconnect href=/3>",
            [],
        ),
        (
            "<style>@import '/1'; a{b:url(/2)} @font-face{src:url(/3)}</style>",
            [("1", "style"), ("2", "image"), ("3", "font")],
        ),
        ("<p style='background: url(&quot;/1&quot;)'>", [("1", "image")]),
        (
            "<body background=/1><div data-bg=/2.jpg><div data-background=\"url('/3')\">",
            [("1", "image"), ("2.jpg", "image"), ("3", "image")],
        ),
        ("<script src=/1></script><script>var url='url(/2)'</script>", [("1", "script")]),
        (
            "<iframe src=/1></iframe><iframe data-src=/2/x></iframe>",
            [("1", "frame"), ("2/x", "frame")],
        ),
        ("<iframe srcdoc='&lt;img src=/1&gt;'></iframe>", [("1", "image")]),
        ("<frameset><frame src=/1></frameset>", [("1", "frame")]),
        ("<embed src=/1><object data=/2></object>", [("1", "frame"), ("2", "frame")]),
        (
            "<video src=/1 poster=/2><source src=/3><track src=/4></video>",
            [("2", "image"), ("1", "media"), ("3", "media"), ("4", "other")],
        ),
        ("<audio src=/1></audio>", [("1", "media")]),
        (
            "<meta property=og:image content=/1><meta name=twitter:image content=/2>",
            [("1", "image"), ("2", "image")],
        ),
        ("<noscript><img src=/1></noscript>", [("1", "image")]),
        (
            "<head><noscript><img src=/1><link rel=stylesheet href=/2></noscript></head>",
            [("1", "image"), ("2", "style")],
        ),
        ("<template><img src=/1></template>", [("1", "image")]),
        ("<a href=/1><form action=/2>", []),
        ("<base href=/b/><img src=1>", [("b/1", "image")]),
        (
            "<img src=/1><img src='/1#x'><img src=blob:x><img src=''><img src=about:blank>",
            [("1", "image")],
        ),
        ("<link rel=preload as=fetch href=/1><img src=/1>", [("1", "image")]),
    ],
)
def test_requisites(html: str, expected: list[tuple[str, str]]) -> None:
    """What a browser loads, and what scripts of lazy pages would let it load."""
    assert found(html) == expected


def test_addresses_are_absolute() -> None:
    """Also those on other hosts."""
    assert requisites("<img src=//cdn.example.net/a><img src=b>", BASE) == [
        Requisite("https://cdn.example.net/a", "image"),
        Requisite("https://example.org/news/b", "image"),
    ]


@given(
    st.lists(
        st.sampled_from(
            [
                "<img ",
                "<style>",
                "<link ",
                "<iframe ",
                "srcdoc=",
                "src=",
                "srcset=",
                "style=",
                "rel=",
                "'",
                '"',
                ">",
                "<",
                "url(",
                "/x",
                "&lt;",
                ",",
                "@import ",
                "\x00",
                "<base href=",
                "<source ",
                "<noscript>",
                "</style>",
            ]
        )
        | st.text(max_size=5)
    )
)
def test_any_markup(pieces: list[str]) -> None:
    """Nothing raises, and everything found can be asked for."""
    for requisite in requisites("".join(pieces), BASE):
        assert requisite.url.startswith(("http://", "https://"))
        assert "#" not in requisite.url
