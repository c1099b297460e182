"""Refuses markup that would hold a parser for minutes, in one linear pass over the bytes.

libxml2 needs quadratic time for the attributes of one element (100,000 of them: 24 s), and drops
silently what lies deeper than 256 elements. Whatever parses a page from the net asks here first.
"""

from __future__ import annotations

import itertools
import re

from archive.model import ExtractionStatus

MAX_SIZE = 10 * 1000 * 1000
"""Bytes of HTML. libxml2 takes no text node larger than this, and trafilatura 1 s a megabyte."""

MAX_ATTRIBUTES = 5_000
"""Attributes of one tag; a parser needs some 30 ms for them."""

MAX_DEPTH = 250
"""Elements within each other; libxml2 gives up at 256."""

_SQUARES = 10 * MAX_ATTRIBUTES**2
"""Sum of attributes squared over all long tags: many tags just below the limit cost as much."""

_LONG = 1_000
"""Bytes of a tag from which its attributes are counted one by one."""

_SLASH = 0x2F

# Possessive quantifiers everywhere: each byte is looked at once, whatever is missing at the end.
_ATTRIBUTES = rb"""[^>=]*+(?:=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+[^>=]*+)*+"""
_MARKUP = re.compile(
    rb"<(?:(?P<end>/[a-zA-Z][^\s/>]*+)[^>]*+>?"
    rb"|(?:(?P<raw>(?=[sStTxXiInN])(?i:script|style|textarea|title|xmp|iframe|noembed)(?=[\s/>]))"
    rb"|(?P<start>[a-zA-Z][^\s/>]*+))"
    rb"(?P<attributes>" + _ATTRIBUTES + rb")(?:>|\Z)"
    rb"(?(raw)[^<]*+(?:<(?!/(?i:(?P=raw))[\s/>])[^<]*+)*+"
    rb"|(?P<leaf>[^<]*+</(?P=start)>)?+)"
    rb"|!--(?:>|->|(?s:.*?)(?:--!?>|\Z)))"
)
_END, _START, _LEAF = (_MARKUP.groupindex[name] for name in ("end", "start", "leaf"))
_ATTRIBUTE = re.compile(rb"""[^\s/=][^\s/=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s"']*+))?+""")

# HTML, 13.1.2: elements that never have content ...
_VOID = frozenset(
    b"area base basefont br col embed frame hr img input link meta param source track wbr".split()
)
# ... and those that the start of another one ends (13.1.2.4), so that unclosed ones do not nest.
_PARAGRAPH = frozenset({b"p"})
_ENDS: dict[bytes, frozenset[bytes]] = dict.fromkeys(
    b"address article aside blockquote center details dialog dir div dl fieldset figcaption figure "
    b"footer form h1 h2 h3 h4 h5 h6 header hgroup main menu nav ol p pre search section summary "
    b"table ul".split(),
    _PARAGRAPH,
) | {
    b"li": frozenset({b"p", b"li"}),
    b"dt": frozenset({b"p", b"dt", b"dd"}),
    b"dd": frozenset({b"p", b"dt", b"dd"}),
    b"option": frozenset({b"option"}),
    b"optgroup": frozenset({b"option", b"optgroup"}),
    b"td": frozenset({b"p", b"td", b"th"}),
    b"th": frozenset({b"p", b"td", b"th"}),
    b"tr": frozenset({b"p", b"td", b"th", b"tr"}),
    b"tbody": frozenset({b"p", b"td", b"th", b"tr", b"thead", b"tbody"}),
    b"tfoot": frozenset({b"p", b"td", b"th", b"tr", b"thead", b"tbody"}),
}


def refusal(body: bytes | str) -> ExtractionStatus | None:
    """`too_large`, `too_complex`, or None when a parser may see the page.

    Bytes may be in any encoding that writes markup as ASCII does, or in UTF-16.
    """
    data = body.encode("utf-8", "replace") if isinstance(body, str) else body
    if len(data) > MAX_SIZE:
        return "too_large"
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    return "too_complex" if _is_too_complex(data) else None


def _is_too_complex(data: bytes) -> bool:
    squares = 0
    path: list[bytes] = []
    opened: dict[bytes, int] = {}
    for match in _MARKUP.finditer(data):
        begin, end = match.span()
        if end - begin > _LONG:
            count = _count_attributes(data, *match.span("attributes"))
            squares += count * count
            if count > MAX_ATTRIBUTES or squares > _SQUARES:
                return True
        last = match.lastindex
        if last == _END:
            name = match[_END][1:].lower()
            if opened.get(name):
                _close(name, path, opened)
        # libxml2 takes every <x/> for an empty element.
        elif last != _LEAF and (start := match[_START]) and data[end - 2] != _SLASH:
            _open(start.lower(), path, opened)
            if len(path) > MAX_DEPTH:
                return True
    return False


def _count_attributes(data: bytes, start: int, end: int) -> int:
    matches = _ATTRIBUTE.finditer(data, start, end)
    return sum(1 for _ in itertools.islice(matches, MAX_ATTRIBUTES + 1))


def _open(name: bytes, path: list[bytes], opened: dict[bytes, int]) -> None:
    if (ended := _ENDS.get(name)) is not None:
        while path and path[-1] in ended:
            opened[path.pop()] -= 1
    if name in _VOID:
        return
    path.append(name)
    opened[name] = opened.get(name, 0) + 1


def _close(name: bytes, path: list[bytes], opened: dict[bytes, int]) -> None:
    while (last := path.pop()) != name:
        opened[last] -= 1
    opened[name] -= 1
