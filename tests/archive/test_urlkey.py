from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UrlError
from archive.urlkey import Match, prefix_range, spellings, urlkey

with warnings.catch_warnings():
    # Its `surt` has escapes that newer Pythons warn about.
    warnings.simplefilter("ignore")
    from cdxj_indexer.main import CDXJIndexer


def cdxj_indexer_key(url: str) -> str:
    """What cdxj-indexer writes; the URL itself where its `surt` gives up."""
    key: str = CDXJIndexer.get_url_key(None, url)
    return key


HEX32 = "0123456789abcdef0123456789ABCDEF"
PIECES = r"""
a B é É ß 中 1 2 5 . .. / // ? & = # % : ; @ + ! - _ ~ | * ' " ( ) [ ] \ , $ ` /../ /./
%2F %2e %25 %41 %4 %zz %20 %00 %0a %C3%A9 %E9 %FF %2525 %%34%31 %23 %3F %26
www www. www2. com org 127.0.0.1 010 256 0x7f 80 443 8080 ::1 xn-- http:// x.aspx
cfid=1&CFTOKEN=2 ASPSESSIONIDABCDEFGH=ABCDEFGHIJKLMNOPQRSTUVWX
(S(0123456789abcdef01234567))/ (0123456789abcdef01234567)/
"""
FRAGMENTS = [
    *PIECES.split(),
    *(" ", "\t", "\n", "\x00", "\x0b", "\x7f", "\x85", "\xa0", "\u200d", "。", "😀", "À=1&a-b=2"),
    *(f"{name}={HEX32}" for name in ("sid", "jsessionid", "PHPSESSID", "xsid")),
]
NAMES = """
example.org www.Example.org:8080 www12.a.co.uk:80 u:p@b.org:443 localhost a..b .a. www. www
www.www.org a_b -a Bücher.de faß.de 127.0.0.1 1.2.3 08.1.1.1 2130706433 017700000001 4294967296
0x7f.1 [::1] [2001:DB8::1]:8080 [fe80::1%25eth0]:443 [::ffff:1.2.3.4]
"""
HOSTS = NAMES.split()
some_text = st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join)


@st.composite
def urls(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(["http://", "https://", "HTTPS://"]))
    host = draw(st.sampled_from(HOSTS) | some_text | st.text(max_size=8))
    rest = draw(some_text | st.text(max_size=20))
    return scheme + host + draw(st.sampled_from(["", "/", "/", "/", "?"])) + rest


def accepted_difference(url: str) -> bool:
    """Where cdxj-indexer has a key and we refuse; each is nothing that can have been fetched."""
    stripped = re.sub(r"[\t\r\n]", "", url.strip(" \t\r\n\v\f"))
    match = re.fullmatch(
        r"(?:https?://(?=https?://))*(?i:https?)://([^/?#]*).*", stripped, re.DOTALL
    )
    # "http:a", "http:/a", "http:\\a": there is no authority (RFC 3986, 3.2), surt takes the path.
    if not match:
        return True
    # No host before the port or behind the userinfo, or dots alone: surt takes the path likewise.
    # Nor do brackets with nothing between them.
    location = match[1].rpartition("@")[2]
    inner = location.partition("[")[2].partition("]")[0]
    host = inner if "[" in location else location.partition(":")[0]
    try:
        urlkey(f"http://{host.replace(':', '')}/")
    except UrlError:
        return True
    # A port that is none (letters, above 65535), and then cdxj-indexer writes the URL as it is.
    return cdxj_indexer_key(url) == url


def differs(url: str) -> str | None:
    try:
        ours = urlkey(url)
    except UrlError:
        return None if accepted_difference(url) else f"{url!r}: refused"
    theirs = cdxj_indexer_key(url)
    return None if ours == theirs else f"{url!r}: {ours!r}, not {theirs!r}"


@given(urls())
def test_is_the_key_of_cdxj_indexer(url: str) -> None:
    assert differs(url) is None


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)


@pytest.mark.parametrize("folder", ["urlcanon/testdata", "wpt-url/tests/wpt"])
def test_is_the_key_of_cdxj_indexer_for_the_vectors_of_others(shared: Path, folder: str) -> None:
    files = sorted((shared / "data/vectors" / folder).glob("*.json"))
    found = {text for file in files for text in strings(json.loads(file.read_text("utf-8")))}
    web = [text for text in found if re.match(r"(?i)\s*https?:", text)]
    assert len(web) > 100
    assert [difference for url in web if (difference := differs(url))] == []


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://example.com", "com,example)/"),
        ("https://www.Example.com:443/A/B/?b=2&a=1#part", "com,example)/a/b?a=1&b=2"),
        ("http://example.com:8080/", "com,example:8080)/"),
        ("https://example.com:80/", "com,example:80)/"),
        ("http://user:secret@example.com/", "com,example)/"),
        ("http://bücher.de/Müll", "de,xn--bcher-kva)/m%c3%bcll"),
        ("http://[2001:DB8::1]:8080/x", "2001:db8::1:8080)/x"),
        ("http://127.0.0.1:5000/", "1,0,0,127:5000)/"),
        ("http://example.com/a?", "com,example)/a"),
        ("http://example.com//a/./b/../c//", "com,example)/a/c"),
        ("http://example.com/%2541%e4", "com,example)/a%e4"),
        (f"http://example.com/?x=1&PHPSESSID={HEX32}&y=2", "com,example)/?x=1&y=2"),
    ],
)
def test_golden_keys(url: str, key: str) -> None:
    assert urlkey(url) == key


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com/", "http:/a", "http://", "http:///a", "http://:80/",
     "http://@/", "http://a:b/", "http://a:65536/", "http://./", "https://[]/", "http://\ud800/"],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UrlError):
        urlkey(url)


@given(urls())
def test_keys_are_printable_ascii_without_spaces(url: str) -> None:
    try:
        key = urlkey(url)
    except UrlError:
        return
    assert re.fullmatch(r"[!-~]+\)/[!-~]*", key)


def test_deep_escapes_take_linear_time() -> None:
    depth = 30_000
    assert urlkey(f"http://a/%{'25' * depth}41") == "a)/a"
    assert urlkey(f"http://a/{'%zz' * 1000}%{'25' * depth}") == f"a)/{'%25zz' * 1000}%25"


SESSION = "(0123456789abcdef01234567)"


# Tried from each beginning to each end, any of these takes many minutes.
@pytest.mark.parametrize(
    "rest",
    [
        "a" * 1_000_000,
        "a/" * 1_000_000 + "x.aspx",
        "(a(/" * 400_000 + "a",
        f"x.aspx/{SESSION}" + f"/{SESSION}" * 40_000,
        f"x.aspx%3F{SESSION}/" * 40_000 + "x",
        "?" + "cfid=" * 400_000,
        "?" + "&cfid=a" * 300_000,
        "?&cftoken=" + "&cfid=" * 400_000,
    ],
    ids=lambda text: text[:12],
)
def test_long_addresses_take_linear_time(rest: str) -> None:
    whole = sorted(rest.split("&")) if rest[0] == "?" else [rest.replace("%3F", "?")]
    assert urlkey(f"http://a/{rest}") == f"a)/{'&'.join(whole)}"


def test_long_addresses_are_not_kept_in_memory() -> None:
    assert urlkey("http://a/x") is urlkey("http://a/x")
    long = "http://a/" + "x" * 10_000
    assert urlkey(long) is not urlkey(long)


@pytest.mark.parametrize(
    ("match", "url", "inside", "outside"),
    [
        (
            "exact",
            "http://a.com/n",
            ["http://www.a.com/n/"],
            ["http://a.com/n?x", "http://a.com/n!"],
        ),
        (
            "prefix",
            "http://a.com/news",
            ["http://a.com/news", "http://a.com/newsroom", "http://a.com/news/1?x"],
            ["http://a.com/new", "http://a.com/", "http://b.a.com/news"],
        ),
        (
            "prefix",
            "http://a.com/news/",
            ["http://a.com/news/1", "http://a.com/news/~"],
            ["http://a.com/newsroom", "http://a.com/news"],
        ),
        ("prefix", "http://a.com/q?", ["http://a.com/q?x"], ["http://a.com/q", "http://a.com/q/x"]),
        (
            "host",
            "http://a.com/news",
            ["http://a.com/", "https://www.a.com/~", "http://a.com/n"],
            ["http://b.a.com/", "http://a.com.uk/", "http://a.com:81/", "http://aa.com/"],
        ),
        ("host", "http://a.com:81/", ["http://a.com:81/x"], ["http://a.com/", "http://a.com:812/"]),
        (
            "domain",
            "http://a.com/news",
            ["http://a.com/", "http://b.a.com/x", "http://c.b.a.com/", "http://b.a.com:81/"],
            ["http://a.com.uk/", "http://aa.com/", "http://a-b.com/", "http://com/"],
        ),
        ("domain", "http://[::1]/", ["http://[::1]/x"], ["http://[::2]/", "http://[::1]:81/"]),
    ],
)
def test_ranges(match: Match, url: str, inside: list[str], outside: list[str]) -> None:
    low, high = prefix_range(url, match)
    assert [other for other in inside if not low <= urlkey(other) < high] == []
    assert [other for other in outside if low <= urlkey(other) < high] == []


@given(st.lists(urls(), min_size=2, max_size=5))
def test_keys_compare_alike_as_text_and_as_bytes(some: list[str]) -> None:
    keys = []
    for url in some:
        try:
            keys.append(urlkey(url))
        except UrlError:
            continue
    lines = sorted(f"{key} 2026" for key in keys)
    assert all(a.encode() <= b.encode() for a, b in pairwise(lines))
    assert [line.partition(" ")[0] for line in lines] == sorted(keys)


def test_spellings_of_a_page() -> None:
    found = spellings("HTTPS://www.Example.org/A/b/?q=C#top")
    assert found == {
        f"{scheme}://{www}example.org/A/b{slash}?q=C"
        for scheme in ("http", "https")
        for www in ("", "www.")
        for slash in ("", "/")
    }
    assert spellings("http://example.org") == spellings("https://www.example.org/")
    assert "http://example.org/a%2Fb" not in spellings("http://example.org/a/b")
    assert spellings("none") == {"none"}
