"""What is changed in an archived page: the few words that would get around the service worker.

The worker answers whatever a page asks for; but browsers ask it for nothing where a frame's origin
is opaque (`srcdoc` in a sandbox), and open connections to what a frame or a link (`preconnect`)
names before any policy is looked at. So frames are filled by the wrapper, which knows where they
lead within the archive. A policy that the page brings along is for other addresses than those it is
shown at. All else stays as it is, byte for byte.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FRAME_SOURCE = b"archived-src"
"""Attribute in which the wrapper (static/wrapper.js) finds what was the `src` of a frame."""

_MARKUP = frozenset({"text/html", "application/xhtml+xml", "text/xml", "application/xml"})

_SRCDOC = re.compile(rb"(?i)srcdoc(?=[\s/>=])")
_TAG = re.compile(rb"(?i)<(?:[a-z_][a-z0-9_.-]*:)?(link|meta|i?frame|object|embed)(?=[\s/>])")
_BETWEEN = re.compile(rb"[\t\n\f\r /]*")
_SPACE = re.compile(rb"[\t\n\f\r ]*")
_NAME = re.compile(rb"[^>][^\t\n\f\r />=]*")
_VALUE = re.compile(rb"\"([^\"]*)\"|'([^']*)'|([^\"'\t\n\f\r >][^\t\n\f\r >]*)")
_BRACKET = ord("<")
_ENTITY = re.compile(rb"(?i)<!ENTITY")
_CONNECTING = ("preconnect", "dns-prefetch", "prefetch", "prerender", "modulepreload")
_POLICY = "content-security-policy"

_LITTLE_ENDIAN = frozenset({"utf-16", "utf-16le", "ucs-2", "unicode", "csunicode", "unicodefeff"})
_LITTLE_ENDIAN |= {"iso-10646-ucs-2"}
_BIG_ENDIAN = frozenset({"utf-16be", "unicodefffe"})
_JAPANESE = frozenset({"iso-2022-jp", "csiso2022jp"})
"""Labels of encodings (Encoding, 4.2) in which ASCII letters may have other bytes than in ASCII."""


def is_markup(mime: str) -> bool:
    """Whether documents of the media type can have frames, links and the like."""
    return mime in _MARKUP or mime.endswith("+xml")


def composes_markup(body: bytes, mime: str) -> bool:
    """Whether an XML document may make markup that is not written in it, by entities."""
    return mime != "text/html" and _ENTITY.search(body) is not None


def disarmed(body: bytes, charset: str) -> bytes:
    """The page as it is shown. `charset`: of its Content-Type, "" where that names none."""
    body = _SRCDOC.sub(b"archived-doc", _legible(body, charset.strip().lower()))
    edits: set[_Edit] = set()
    seen: set[int] = set()
    for tag in _TAG.finditer(body):
        # Outside of quotes, another tag's attributes end where this one's do: they were seen with
        # them. Within quotes either may be the one that browsers see.
        if tag.start() in seen:
            continue
        attributes = list(_attributes(body, tag.end()))
        seen.update(at for attribute in attributes for at in attribute.brackets)
        edits.update(_TAGS[tag[1].lower()](tag, attributes))
    return _edited(body, sorted(edits))


def _edited(body: bytes, edits: list[_Edit]) -> bytes:
    out, at = [], 0
    for start, end, instead in edits:
        if start >= at:
            out += [body[at:start], instead]
            at = end
    return b"".join([*out, body[at:]])


def _legible(body: bytes, label: str) -> bytes:
    """In an encoding in which ASCII letters are their own bytes.

    What becomes UTF-8 has a byte order mark, which counts for more than the Content-Type and the
    page itself (HTML, 13.2.3.2).
    """
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if body.startswith(mark):
            return _as_utf8(body[len(mark) :], encoding)
    if body.startswith(codecs.BOM_UTF8):
        return body
    # An XML declaration whose letters are two bytes wide (XML, F.1).
    if label in _LITTLE_ENDIAN or body.startswith(b"<\0?\0x\0"):
        return _as_utf8(body, "utf-16-le")
    if label in _BIG_ENDIAN or body.startswith(b"\0<\0?\0x"):
        return _as_utf8(body, "utf-16-be")
    if b"\x1b" not in body:
        return body
    if label in _JAPANESE or (b"charset" in body.lower() and b"iso-2022-jp" in body.lower()):
        return _as_utf8(body, "iso2022_jp")
    # Browsers may guess that encoding: without escapes there is nothing but ASCII in it.
    return body.replace(b"\x1b", b" ")


def _as_utf8(body: bytes, encoding: str) -> bytes:
    text = body.decode(encoding, "replace")
    return codecs.BOM_UTF8 + text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Attribute:
    start: int  # of its name
    end: int
    name: str  # without a prefix
    value: str
    brackets: tuple[int, ...]  # where in the name there is a "<"


def _attributes(body: bytes, at: int) -> Iterator[_Attribute]:
    """Those of a tag, from behind its name, as browsers read them (HTML, 13.2.5.32 to 40)."""
    while name := _NAME.match(body, _end(_BETWEEN, body, at)):
        at = _end(_SPACE, body, name.end())
        text = b""
        if body[at : at + 1] == b"=":
            at = _end(_SPACE, body, at + 1)
            if value := _VALUE.match(body, at):
                at = value.end()
                text = value[1] or value[2] or value[3] or b""
            elif body[at : at + 1] != b">":
                return  # a quote that never ends: there is no such tag
        start, end = name.span()
        yield _Attribute(
            start,
            end,
            name[0].decode("latin-1").lower().rpartition(":")[2],
            html.unescape(text.decode("latin-1")).lower(),
            tuple(i for i in range(start, end) if body[i] == _BRACKET),
        )


def _end(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    """Where what may also be nothing ends."""
    match = pattern.match(body, at)
    return match.end() if match else at


_Edit = tuple[int, int, bytes]
"""Start, end, and what is put between them."""

_Change = Callable[[re.Match[bytes], list[_Attribute]], list[_Edit]]


def _unless(is_unwanted: Callable[[_Attribute], bool]) -> _Change:
    """Tags with such an attribute become others, which mean nothing."""

    def change(tag: re.Match[bytes], attributes: list[_Attribute]) -> list[_Edit]:
        after = tag.start() + 1
        return [(after, after, b"archived-")] if any(map(is_unwanted, attributes)) else []

    return change


def _connects(attribute: _Attribute) -> bool:
    return attribute.name == "rel" and any(word in attribute.value for word in _CONNECTING)


def _restricts(attribute: _Attribute) -> bool:
    return attribute.name == "http-equiv" and attribute.value.strip().startswith(_POLICY)


def _unfilled(_: re.Match[bytes], attributes: list[_Attribute]) -> list[_Edit]:
    """What it shows stands in another attribute."""
    return [
        (attribute.start, attribute.end, FRAME_SOURCE)
        for attribute in attributes
        if attribute.name in ("src", "data")
    ]


_TAGS: dict[bytes, _Change] = {
    b"link": _unless(_connects),
    b"meta": _unless(_restricts),
    b"iframe": _unfilled,
    b"frame": _unfilled,
    # These stay so: the policy of an archived page shows neither.
    b"object": _unfilled,
    b"embed": _unfilled,
}
