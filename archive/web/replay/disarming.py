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

from archive.errors import ContentError

FRAME_SOURCE = b"archived-src"
"""Attribute in which the wrapper (static/wrapper.js) finds what was the `src` of a frame."""

SHADOW = b"archived-shadow"
"""Attribute of the templates of which the wrapper makes shadow trees, so that it sees into them."""

_MARKUP = frozenset({"text/html", "application/xhtml+xml", "text/xml", "application/xml"})

_SRCDOC = re.compile(rb"(?i)srcdoc(?=[\s/>=])")
_SHADOW = re.compile(rb"(?i)shadowrootmode(?=[\s/>=])")
_TAG = re.compile(
    rb"(?i)<(?:[a-z_][a-z0-9_.-]*:)?(link|meta|set|animate|i?frame|object|embed)(?=[\t\n\f\r />])"
)
_BETWEEN = re.compile(rb"[\t\n\f\r /]*")
_SPACE = re.compile(rb"[\t\n\f\r ]*")
_NAME = re.compile(rb"[^>][^\t\n\f\r />=]*")
_UNQUOTED = re.compile(rb"[^\t\n\f\r >]*")
_LONGEST = 512
"""Bytes of a value that is looked at; longer ones count as unwanted."""
_MOST = 200_000
"""Attributes that are looked at, each as often as it is; pages made for people have far fewer, and
more of them would take seconds."""
_DEAR = 16
"""Bytes of a value that take as long as another attribute."""
_PIECE = 1 << 18
"""Bytes that are worked on at once; nothing else runs meanwhile."""
_ENTITY = re.compile(rb"(?i)<!ENTITY")
_READ = frozenset({"rel", "http-equiv", "attributename"})
"""Attributes whose values decide."""
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
    """The page as it is shown. `charset`: of its Content-Type, "" where that names none.

    Raises ContentError for what has more that might have to be changed than any honest page.
    """
    body = _renamed(_SRCDOC, b"archived-doc", _legible(body, charset.strip().lower()))
    body = _renamed(_SHADOW, SHADOW, body)
    changes = _changes(_Attributes(body))
    # Within quotes a tag may be one for browsers, or be none: there it is changed as well.
    edits = {edit for tag in _tags(body) for edit in changes[tag[1].lower()].edits(tag)}
    return _edited(body, sorted(edits))


def _too_much() -> ContentError:
    return ContentError(
        f"it has more than {_MOST:,} attributes that may not stay: it is given as a file"
    )


def _renamed(attribute: re.Pattern[bytes], name: bytes, body: bytes) -> bytes:
    shown, found = attribute.subn(name, body, count=_MOST)
    if found == _MOST:
        raise _too_much()
    return shown


def _tags(body: bytes) -> Iterator[re.Match[bytes]]:
    """In order. No tag goes on behind the next "<"."""
    at = 0
    while at < len(body):
        cut = body.find(b"<", at + _PIECE)
        end = len(body) if cut < 0 else cut
        yield from _TAG.finditer(body, at, end)
        at = end


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
        return codecs.BOM_UTF8 + _utf8(body.decode("iso2022_jp", "replace"))
    # Browsers may guess that encoding: without escapes there is nothing but ASCII in it.
    return body.replace(b"\x1b", b" ")


def _as_utf8(body: bytes, encoding: str) -> bytes:
    pieces = (body[at : at + _PIECE] for at in range(0, len(body), _PIECE))
    texts = codecs.iterdecode(pieces, encoding, "replace")
    return b"".join([codecs.BOM_UTF8, *map(_utf8, texts)])


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Attribute:
    start: int  # of its name
    end: int
    name: str  # without a prefix
    value: str | None  # None: it is too long, or nobody asks for it
    after: int  # where the next one begins


class _Attributes:
    """Those of any tag, as browsers read them (HTML, 13.2.5.32 to 40).

    Whichever tag they are read for, from one place on they are the same ones: who remembers the
    places that he has come by reads a page of any tags in linear time.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._run = (0, -1)  # bounds of the last value without quotes
        self._left = _MOST

    def at(self, place: int) -> _Attribute | None:
        """The one behind a tag's name or another attribute; None: it was the last one.

        Raises ContentError where it has been asked too often.
        """
        self._spend(1)
        body = self._body
        name = _NAME.match(body, _end(_BETWEEN, body, place))
        if name is None:
            return None
        after = _end(_SPACE, body, name.end())
        start = end = after
        if body[after : after + 1] == b"=":
            start = _end(_SPACE, body, after + 1)
            quote = body[start : start + 1]
            if quote in (b"'", b'"'):
                start += 1
                end = body.find(quote, start)
                after = end + 1
            elif quote:
                after = end = self._unquoted(start)
            if not quote or end < 0:
                return None  # it never ends: there is no such tag
        known = name[0].decode("latin-1").lower().rpartition(":")[2]
        value = None
        if known in _READ and end - start <= _LONGEST:
            self._spend((end - start) // _DEAR)
            value = html.unescape(body[start:end].decode("latin-1")).lower()
        return _Attribute(name.start(), name.end(), known, value, after)

    def _spend(self, attributes: int) -> None:
        self._left -= attributes
        if self._left < 0:
            raise _too_much()

    def _unquoted(self, start: int) -> int:
        """Where a value without quotes ends: any that begins within another one ends with it."""
        if not self._run[0] <= start <= self._run[1]:
            self._run = (start, _end(_UNQUOTED, self._body, start))
        return self._run[1]


def _end(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    """Where what may also be nothing ends."""
    match = pattern.match(body, at)
    return match.end() if match else at


_Edit = tuple[int, int, bytes]
"""Start, end, and what is put between them."""


class _Change:
    """What is done to tags of some names. Each place is come by once."""

    def __init__(self, attributes: _Attributes) -> None:
        self._attributes = attributes

    def edits(self, tag: re.Match[bytes]) -> list[_Edit]:
        """Those of one more tag."""
        raise NotImplementedError


class _Unless(_Change):
    """Tags with an unwanted attribute become others, which mean nothing."""

    def __init__(self, attributes: _Attributes, is_unwanted: Callable[[_Attribute], bool]) -> None:
        super().__init__(attributes)
        self._is_unwanted = is_unwanted
        self._verdicts: dict[int, bool] = {}  # by place: whether one from there on is unwanted

    def edits(self, tag: re.Match[bytes]) -> list[_Edit]:
        after = tag.start() + 1
        return [(after, after, b"archived-")] if self._verdict(tag.end()) else []

    def _verdict(self, place: int) -> bool:
        passed, found = [], False
        while not found and place not in self._verdicts:
            passed.append(place)
            attribute = self._attributes.at(place)
            if attribute is None:
                break
            found = self._is_unwanted(attribute)
            place = attribute.after
        verdict = found or self._verdicts.get(place, False)
        self._verdicts.update(dict.fromkeys(passed, verdict))
        return verdict


class _Unfilled(_Change):
    """What frames show stands in another attribute."""

    def __init__(self, attributes: _Attributes) -> None:
        super().__init__(attributes)
        self._passed: set[int] = set()

    def edits(self, tag: re.Match[bytes]) -> list[_Edit]:
        found, place = [], tag.end()
        while place not in self._passed:
            self._passed.add(place)
            attribute = self._attributes.at(place)
            if attribute is None:
                break
            if attribute.name in ("src", "data"):
                found.append((attribute.start, attribute.end, FRAME_SOURCE))
            place = attribute.after
        return found


def _connects(attribute: _Attribute) -> bool:
    if attribute.name != "rel":
        return False
    return attribute.value is None or any(word in attribute.value for word in _CONNECTING)


def _restricts(attribute: _Attribute) -> bool:
    if attribute.name != "http-equiv":
        return False
    return attribute.value is None or attribute.value.strip().startswith(_POLICY)


def _moves_links(attribute: _Attribute) -> bool:
    if attribute.name != "attributename":
        return False
    return attribute.value is None or attribute.value.strip().endswith("href")


def _changes(attributes: _Attributes) -> dict[bytes, _Change]:
    """What is done to the tags of one page, by their names."""
    unfilled = _Unfilled(attributes)
    still = _Unless(attributes, _moves_links)
    return {
        b"link": _Unless(attributes, _connects),
        b"meta": _Unless(attributes, _restricts),
        b"set": still,
        b"animate": still,
        b"iframe": unfilled,
        b"frame": unfilled,
        # These stay so: the policy of an archived page shows neither.
        b"object": unfilled,
        b"embed": unfilled,
    }
