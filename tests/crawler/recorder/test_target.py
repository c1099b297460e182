from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UrlError
from crawler.recorder.target import target_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h/p?", "http://h/p?"),
        ("HTTPS://User:pa@ss@Host:8443/a@b?c@d#e@f", "https://Host:8443/a@b?c@d"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://h", "http://h"),
        ("http://h?q#f", "http://h?q"),
        ("http://h/\r\nInjected: yes", "http://h/%0D%0AInjected:%20yes"),
        ("http://h/\u00e9\x7f", "http://h/%C3%A9%7F"),
    ],
)
def test_keeps_what_was_asked_for(url: str, expected: str) -> None:
    assert target_url(url) == expected


@pytest.mark.parametrize(
    "url", ["", "ftp://h/", "http:///p", "http://u@/p", "http://h\r\nx/", "data:,x", " http://h/"]
)
def test_refuses_what_is_no_url_of_the_web(url: str) -> None:
    with pytest.raises(UrlError):
        target_url(url)


@given(st.text())
def test_never_gives_a_control_character_or_userinfo(rest: str) -> None:
    try:
        url = target_url(f"http://{rest}")
    except UrlError:
        return
    assert url.isascii()
    assert url.isprintable()
    assert " " not in url
    assert "@" not in url[7:].partition("/")[0].partition("?")[0]
    assert "#" not in url
    assert target_url(url) == url
