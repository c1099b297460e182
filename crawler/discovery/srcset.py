"""The srcset attribute (HTML, 4.8.4.2.1 and its parsing algorithm)."""

from __future__ import annotations

import re

_GAP = re.compile(r"[\s,]*", re.ASCII)
_URL = re.compile(r"\S+", re.ASCII)


def srcset_urls(value: str) -> list[str]:
    """The URLs of all candidates in order, as written; takes linear time.

    Commas inside a URL belong to it, as in data URLs; only one at its end separates.
    """
    found: list[str] = []
    at = 0
    while True:
        gap = _GAP.match(value, at)
        match = _URL.match(value, gap.end() if gap else at)
        if match is None:
            return found
        url = match[0].rstrip(",")
        at = match.end()
        if url:
            found.append(url)
        if url == match[0]:  # no comma behind it: descriptors follow
            at = _behind_descriptors(value, at)


_COMMA_OR_PARENTHESIS = re.compile(r"[,()]")


def _behind_descriptors(value: str, at: int) -> int:
    inside = False
    for match in _COMMA_OR_PARENTHESIS.finditer(value, at):
        if match[0] == "(":
            inside = True
        elif match[0] == ")":
            inside = False
        elif not inside:
            return match.end()
    return len(value)
