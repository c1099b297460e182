"""Texts that strangers send: our own, and those that others have collected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

OURS: tuple[str | bytes, ...] = (
    "",
    " ",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'<svg/onload=alert(1)>",
    "http://example.org/<b>\"'&amp;",
    "http://example.org/?q=</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "\0",
    "a\0b",
    "\r\nX-Injected: 1\r\n\r\n<html>",
    "http://example.org/\r\nX-Injected: 1",
    "%0d%0aX-Injected:%201",
    "%00",
    "%",
    "%zz%u0041",
    "%c0%ae%c0%ae/%ff",
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "//example.org/",
    "\\\\example.org\\share",
    b"\xff\xfe\x80",
    b"\xed\xa0\x80",  # a lone surrogate
    "ﷺ" * 50,
    "😀 \u202eright to left\u2066\ufeff\u200d",
    "İıſK",
    "http://",
    "http://[",
    "http://[::1",
    "http://[::1]:99999/",
    "http://0x7f.1/",
    "http://example.org:0x50/",
    "http://user:pass@example.org/",
    "http://example.org:80:80/",
    "http:/example.org/a",
    "http%3A%2F%2Fexample.org%2F",
    "http://１２７.0.0.1/",
    "http://xn--a/",
    "http://" + "a." * 200 + "org/",
    "http://example.org/" + "a" * 5000,
    "https://news.example.org/",
    "20261122100000/https://news.example.org/",
    "20261122100000id_/https://news.example.org/night-shifts?id=1&b=%2F",
    "99999999999999/https://news.example.org/",
    "0/https://news.example.org/",
    "20260230000000",
    "-1",
    "0",
    "99999999999999999999",
    "1e400",
    "NaN",
    "null",
    "[]",
    "{}",
    "*",
    "(a+)+$",
    "urlkey:(((((a*)*)*)*)*)b",
    "((((((((((((((((((((",
    "[[:alpha:]]{1,99999}",
    "' OR 1=1 --",
    '"; DROP TABLE captures; --',
    "{{7*7}}${7*7}#{7*7}",
    "%s%n%d",
    "eyJvZiI6IjEiLCJhdCI6W119",
    "Thu, 32 Foo 99999 99:99:99 GMT",
    "Sun, 22 Nov 2026 09:30:00 GMT",
    "bytes=0-18446744073709551616",
    "a" * 20_000,
)


def naughty(vectors: Path) -> Iterator[str | bytes]:
    """The big list of naughty strings."""
    yield from json.loads((vectors / "blns/blns.json").read_text("utf-8"))


def urls(vectors: Path) -> Iterator[str | bytes]:
    """URLs of the test suites of browsers and of archives, right and wrong."""
    for case in json.loads(
        (vectors / "wpt-url/tests/wpt/urltestdata.json").read_text("utf-8", "surrogatepass")
    ):
        if isinstance(case, dict):
            yield case["input"]
    for file in sorted((vectors / "urlcanon").rglob("*.json")):
        cases = json.loads(file.read_text("utf-8", "surrogatepass"))
        yield from (case for case in cases if isinstance(case, str))


def as_bytes(text: str | bytes) -> bytes:
    """In UTF-8; a lone surrogate as the three bytes that it would have."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
