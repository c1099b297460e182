"""What is changed in an archived page: the few words that would get around the service worker.

The worker answers whatever a page asks for; browsers ask it for nothing where a frame's origin is
opaque (`srcdoc` in a sandbox), and where a link only opens a connection (`preconnect`). A policy
that the page brings along is for other addresses than those it is shown at. All else stays as it
is, byte for byte.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable

_MARKUP = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml"})
_MARKUP |= {"application/xml"}

# In ISO-2022-JP an escape sequence between two letters stands for nothing.
_NOTHING = rb"(?:\x1b[$(][@-Z])*"


def _word(word: str) -> bytes:
    return _NOTHING.join(re.escape(letter.encode()) for letter in word)


# Taken too often rather than too seldom: in a text of the page it is one letter that differs.
_SRCDOC = re.compile(rb"(?i)" + _word("srcdoc") + rb"(?=[\s/>=\x1b])")
_LINK = re.compile(rb"(?i)<" + _NOTHING + _word("link") + rb"(?=[\s/>\x1b])")
_META = re.compile(rb"(?i)<" + _NOTHING + _word("meta") + rb"(?=[\s/>\x1b])")
_BETWEEN = re.compile(rb"[\t\n\f\r /]*")
_SPACE = re.compile(rb"[\t\n\f\r ]*")
_NAME = re.compile(rb"[^>][^\t\n\f\r />=]*")
_VALUE = re.compile(rb"\"([^\"]*)\"|'([^']*)'|([^\"'\t\n\f\r >][^\t\n\f\r >]*)")
_ESCAPES = re.compile(rb"\x1b[$(][@-Z]")
_ENTITY = re.compile(rb"(?i)<!ENTITY")
_CONNECTING = ("preconnect", "dns-prefetch")
_POLICY = "content-security-policy"
_LONGEST_TAG = 1 << 16


def is_markup(mime: str) -> bool:
    """Whether documents of the media type can have frames, links and the like."""
    return mime in _MARKUP or mime.endswith("+xml")


def disarmed(body: bytes, charset: str) -> bytes:
    """The page as it is shown. `charset`: of its Content-Type, "" where that names none.

    UTF-16, in which the words would not be seen, becomes UTF-8 with a byte order mark, which counts
    for more than the Content-Type (HTML, 13.2.3.2).
    """
    body = _without_utf16(body, charset.lower())
    body = _SRCDOC.sub(b"srcd_c", body)
    body = _LINK.sub(lambda found: _without(found, _is_connecting, b"<l_nk"), body)
    return _META.sub(lambda found: _without(found, _is_policy, b"<m_ta"), body)


def composes_markup(body: bytes, mime: str) -> bool:
    """Whether an XML document may make markup that is not written in it, by entities."""
    return mime != "text/html" and _ENTITY.search(_ESCAPES.sub(b"", body)) is not None


def _without_utf16(body: bytes, charset: str) -> bytes:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if body.startswith(mark):
            return _as_utf8(body[len(mark) :], encoding)
    if body.startswith(codecs.BOM_UTF8):
        return body
    label = charset.strip("\"' \t").replace("_", "-")
    # Every other label of UTF-16 (Encoding, 4.2) means little-endian.
    if label in ("utf-16be", "unicodefffe"):
        return _as_utf8(body, "utf-16-be")
    little = ("utf-16", "ucs-2", "unicode", "csunicode", "iso-10646-ucs-2")
    if label.startswith(little):
        return _as_utf8(body, "utf-16-le")
    # An XML declaration whose letters are two bytes wide (XML, F.1).
    for start, encoding in ((b"<\0?\0x\0", "utf-16-le"), (b"\0<\0?\0x", "utf-16-be")):
        if body.startswith(start):
            return _as_utf8(body, encoding)
    return body


def _as_utf8(body: bytes, encoding: str) -> bytes:
    text = body.decode(encoding, "replace")
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace")


def _without(
    found: re.Match[bytes], is_unwanted: Callable[[dict[str, str]], bool], instead: bytes
) -> bytes:
    """The beginning of a tag; renamed where its attributes say what is not wanted."""
    tag = _ESCAPES.sub(b"", found.string[found.end() : found.end() + _LONGEST_TAG])
    return instead if is_unwanted(_attributes(tag)) else found[0]


def _attributes(tag: bytes) -> dict[str, str]:
    """Of a tag, from behind its name, as browsers read it (HTML, 13.2.5.32 to 13.2.5.40); the first
    of each name counts."""
    found: dict[str, str] = {}
    at = 0
    while name := _NAME.match(tag, _end(_BETWEEN, tag, at)):
        at = _end(_SPACE, tag, name.end())
        text = b""
        if tag[at : at + 1] == b"=":
            at = _end(_SPACE, tag, at + 1)
            if value := _VALUE.match(tag, at):
                at = value.end()
                text = value[1] or value[2] or value[3] or b""
            elif tag[at : at + 1] != b">":
                break  # a quote that never ends: there is no such tag
        found.setdefault(name[0].decode("latin-1").lower(), html.unescape(text.decode("latin-1")))
    return found


def _end(pattern: re.Pattern[bytes], tag: bytes, at: int) -> int:
    """Where what may also be nothing ends."""
    match = pattern.match(tag, at)
    return match.end() if match else at


def _is_connecting(attributes: dict[str, str]) -> bool:
    return any(word in attributes.get("rel", "").lower() for word in _CONNECTING)


def _is_policy(attributes: dict[str, str]) -> bool:
    return attributes.get("http-equiv", "").strip().lower().startswith(_POLICY)
