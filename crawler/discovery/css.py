"""URLs in style sheets: a linear scanner of the tokens that matter (CSS Syntax Level 3, 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

CssContext = Literal["import", "font", "image"]
"""Where a URL stands: in @import, in @font-face, or anywhere else."""

_ANY = re.compile(r"url\(|image-set\(|@import|\\", re.IGNORECASE)

# Possessive quantifiers: a token is taken once or not at all, so that bad input costs linear time.
_TOKEN = re.compile(
    r"""
      (?P<comment>/\*)
    | (?P<quote>["'])
    | (?<![\w\\-])(?P<url>url\()
    | (?<![\w\\-])(?P<set>(?:-webkit-)?image-set\()
    | @(?P<at>[a-z-]++)
    | (?P<escape>\\)
    | (?P<mark>[(){};])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPED = r"\\(?:[0-9a-fA-F]{1,6}+(?:\r\n|[ \t\r\n\f])?+|[^\n\r\f])"
_STRING = {
    '"': re.compile(r'(?:[^"\\\n\r\f]++|\\(?s:.))*+'),
    "'": re.compile(r"(?:[^'\\\n\r\f]++|\\(?s:.))*+"),
}
_UNQUOTED = re.compile(
    r"(?:[^\"'()\\\s\x00-\x08\x0b\x0e-\x1f\x7f]++|" + _ESCAPED + r")*+", re.ASCII
)
_SPACE = re.compile(r"[ \t\r\n\f]*+")
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|(\r\n|[\n\r\f])|((?s:.))|\Z)")


@dataclass(frozen=True, slots=True)
class CssUrl:
    """One URL of a style sheet, as written, with its escapes undone."""

    url: str
    context: CssContext


def css_urls(css: str) -> list[CssUrl]:
    """The URLs that a browser may load for a style sheet, in order; never raises."""
    return _Scanner(css).scan() if _ANY.search(css) else []


class _Scanner:
    """Goes through the text once, from token to token."""

    def __init__(self, css: str) -> None:
        self._css = css
        self._at = 0
        self._found: list[CssUrl] = []
        self._rule = ""  # the at-rule whose prelude is being read
        self._font = False  # between the braces of @font-face
        self._depth = 0  # open parentheses
        self._set: int | None = None  # depth inside the image-set() that is open

    def scan(self) -> list[CssUrl]:
        while match := _TOKEN.search(self._css, self._at):
            self._at = match.end()
            kind = match.lastgroup
            if kind == "comment":
                end = self._css.find("*/", self._at)
                self._at = len(self._css) if end < 0 else end + 2
            elif kind == "quote":
                self._string(self._quoted(match[0]))
            elif kind == "url":
                self._url()
            elif kind == "set":
                self._depth += 1
                self._set = self._depth
            elif kind == "at":
                self._rule = match[0].lower()
            elif kind == "escape":
                self._at += 1
            else:
                self._mark(match[0])
        return self._found

    def _mark(self, mark: str) -> None:
        if mark == "(":
            self._depth += 1
        elif mark == ")":
            if self._set == self._depth:
                self._set = None
            self._depth = max(0, self._depth - 1)
        else:
            if mark != ";":
                self._font = mark == "{" and self._rule == "@font-face"
            self._rule = ""
            self._depth, self._set = 0, None

    def _quoted(self, quote: str) -> str | None:
        """The string that begins here; None when its line ends first (a bad string)."""
        body = _STRING[quote].match(self._css, self._at)
        start, self._at = self._at, body.end() if body else self._at
        text = self._css[start : self._at]
        if self._css[self._at : self._at + 1] == quote:
            self._at += 1
            return _unescape(text)
        return _unescape(text) if self._at >= len(self._css) else None

    def _string(self, text: str | None) -> None:
        if text is None:
            return
        if self._rule == "@import":
            self._add(text)
            self._rule = "@import-conditions"
        elif self._set is not None and self._set == self._depth:
            self._add(text)

    def _url(self) -> None:
        self._at = _end(_SPACE, self._css, self._at)
        first = self._css[self._at : self._at + 1]
        if first and first in "\"'":
            self._at += 1
            text = self._quoted(first)
        else:
            start = self._at
            self._at = _end(_UNQUOTED, self._css, start)
            text = _unescape(self._css[start : self._at])
        self._at = _end(_SPACE, self._css, self._at)
        closed = self._css[self._at : self._at + 1] in (")", "")
        if not closed or text is None:
            # The remnants of a bad url reach to the next parenthesis (4.3.14).
            end = self._css.find(")", self._at)
            self._at = len(self._css) if end < 0 else end + 1
            return
        self._at += 1
        self._add(text)
        if self._rule == "@import":
            self._rule = "@import-conditions"

    def _add(self, url: str) -> None:
        if not url or self._rule in ("@namespace", "@document", "@-moz-document"):
            return
        context: CssContext = "image"
        if self._rule == "@import":
            context = "import"
        elif self._font:
            context = "font"
        self._found.append(CssUrl(url, context))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    if match[1]:
        point = int(match[1], 16)
        return chr(point) if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"
    return match[3] or ""  # an escaped newline stands for nothing
