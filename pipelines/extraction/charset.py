"""Decoding of HTML: by what a page says of its encoding, and by what its bytes allow.

The order is that of the HTML standard (13.2.3.2): byte order mark, HTTP header, `<meta>`. Where
the bytes contradict the declaration they decide, since wrong labels are common.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes
from w3lib.encoding import http_content_type_encoding, to_unicode

from pipelines.extraction.charset_labels import SINGLE_BYTE, encoding_of_label

PRESCAN = 16_384
"""Bytes in which a declaration is looked for. The standard takes 1,024 and lets the parser change
its mind when a `<meta>` comes later; this is both in one."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
)
_SPACE = b"\t\n\x0c\r "
_QUOTES = b"\"'"
_XML = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_IN_CONTENT = re.compile(
    rb"""charset[\t\n\x0c\r ]*=[\t\n\x0c\r ]*"""
    rb"""(?:"([^"]*)"|'([^']*)'|([^"'\t\n\x0c\r ;][^\t\n\x0c\r ;]*))""",
    re.IGNORECASE,
)
_ILLEGIBLE = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_LANGUAGE = re.compile(rb"""<html\b[^<>]*?\slang\s*=\s*["']?([a-z]{2})""", re.IGNORECASE)

# What a browser assumes for a language (HTML, 13.2.3.2, step 9) where bytes are not UTF-8.
_BY_LANGUAGE = {
    **dict.fromkeys(("bg", "be", "mk", "ru", "sr", "uk", "kk", "ky", "tg", "tt"), "cp1251"),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    **dict.fromkeys(("tr", "ku", "az"), "cp1254"),
    "el": "cp1253",
    "he": "cp1255",
    "th": "cp874",
    "vi": "cp1258",
}
# Guessed only where letters beyond ASCII follow each other, so never for a Western language.
_GUESSES = ["cp1251", "koi8-r", "cp1253", "cp1255", "cp1256", "cp874"]
_GUESSES += ["gb18030", "big5", "cp932", "euc_jp", "cp949"]
_SAMPLE = 20_000


def decode_html(body: bytes, content_type: str | None) -> tuple[str, str]:
    """The text, and Python's name of the encoding that it was decoded with.

    `content_type` is the value of the HTTP header. Never raises; bytes that fit nothing become
    U+FFFD.
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return to_unicode(body[len(bom) :], encoding), encoding
    declared = _of_header(content_type) or declared_encoding(body)
    if declared is None or declared == "utf-8" or declared in SINGLE_BYTE:
        # Text in a single-byte encoding is hardly ever valid UTF-8, whatever the label says.
        try:
            text = body.decode()
        except UnicodeDecodeError:
            pass
        else:
            return text, (declared or "utf-8") if text.isascii() else "utf-8"
    if declared and declared != "utf-8":
        return to_unicode(body, declared), declared
    text = body.decode("utf-8", "replace")
    if _is_damaged_utf8(text):
        return text, "utf-8"
    guess = _guess(body)
    return to_unicode(body, guess), guess


def declared_encoding(body: bytes) -> str | None:
    """The encoding that the page itself declares at its beginning, by Python's name.

    HTML, 13.2.3.2, "prescan a byte stream to determine its encoding"; and the XML declaration.
    """
    data = body[:PRESCAN]
    if data[:2] == b"<\0":
        return "utf-16-le"
    if data[:2] == b"\0<":
        return "utf-16-be"
    if match := _XML.match(data):
        return _as_declared(match[1])
    try:
        return _prescan(data)
    except IndexError:  # the sample ends within a tag
        return None


def is_legible(text: str) -> bool:
    """Whether a decoded page is text at all: not more than a tenth of it replaced or control."""
    return sum(1 for _ in _ILLEGIBLE.finditer(text)) * 10 <= len(text)


def _of_header(content_type: str | None) -> str | None:
    encoding = http_content_type_encoding(content_type)
    return encoding_of_label(encoding) if encoding else None


def _as_declared(label: bytes) -> str | None:
    encoding = encoding_of_label(label.decode("latin-1"))
    # A declaration that could be read as ASCII is not in UTF-16.
    return "utf-8" if encoding and encoding.startswith("utf-16") else encoding


def _prescan(data: bytes) -> str | None:
    at = data.find(b"<")
    while at >= 0:
        if data.startswith(b"<!--", at):
            at = data.find(b"-->", at + 2)
            if at < 0:
                return None
        elif data[at : at + 5].lower() == b"<meta" and data[at + 5] in b"\t\n\x0c\r /":
            attributes, at = _attributes(data, at + 5)
            if encoding := _of_meta(attributes):
                return encoding
        elif data[at + 1 : at + 2].isalpha() or (
            data[at + 1] == ord("/") and data[at + 2 : at + 3].isalpha()
        ):
            while data[at] not in b"\t\n\x0c\r >":
                at += 1
            _, at = _attributes(data, at)
        elif data[at + 1] in b"!/?":
            at = data.find(b">", at)
            if at < 0:
                return None
        else:
            at += 1
        at = data.find(b"<", at)
    return None


def _of_meta(attributes: dict[bytes, bytes]) -> str | None:
    if b"charset" in attributes:
        return _as_declared(attributes[b"charset"])
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    match = _IN_CONTENT.search(attributes.get(b"content", b""))
    return _as_declared(match[1] or match[2] or match[3] or b"") if match else None


def _attributes(data: bytes, at: int) -> tuple[dict[bytes, bytes], int]:
    """All attributes from `at` on, of several equal names the first, and the index of the `>`.

    Raises IndexError when the data ends before.
    """
    attributes: dict[bytes, bytes] = {}
    while True:
        while data[at] in b"\t\n\x0c\r /":
            at += 1
        if data[at] == ord(">"):
            return attributes, at
        start = at
        while data[at] not in b"\t\n\x0c\r />" and (data[at] != ord("=") or at == start):
            at += 1
        name = data[start:at].lower()
        at = _skip_space(data, at)
        value = b""
        if data[at] == ord("="):
            value, at = _value(data, _skip_space(data, at + 1))
        attributes.setdefault(name, value)


def _value(data: bytes, at: int) -> tuple[bytes, int]:
    if data[at] in _QUOTES:
        end = data.find(data[at : at + 1], at + 1)
        if end < 0:
            raise IndexError
        return data[at + 1 : end], end + 1
    start = at
    while data[at] not in b"\t\n\x0c\r >":
        at += 1
    return data[start:at], at


def _skip_space(data: bytes, at: int) -> int:
    while data[at] in _SPACE:
        at += 1
    return at


def _is_damaged_utf8(text: str) -> bool:
    """Whether some bytes are broken in what is UTF-8 otherwise (a cut page, a foreign insert)."""
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") * 4 < beyond_ascii


def _guess(body: bytes) -> str:
    if (match := _LANGUAGE.search(body[:_SAMPLE])) and (
        encoding := _BY_LANGUAGE.get(match[1].decode().lower())
    ):
        return encoding
    runs = _HIGH.findall(body)
    alone = sum(1 for run in runs if len(run) == 1)
    if alone * 2 > len(runs):
        return "cp1252"
    sample = b" ".join(_around_high(body))
    best = from_bytes(sample, cp_isolation=_GUESSES).best()
    return (encoding_of_label(best.encoding) if best else None) or "cp1252"


def _around_high(body: bytes) -> list[bytes]:
    """The lines of text that tell something, markup left out, up to `_SAMPLE` bytes."""
    lines, size = [], 0
    for line in re.split(rb"<[^<>]*>|\n", body):
        if _HIGH.search(line):
            lines.append(line)
            size += len(line)
            if size > _SAMPLE:
                break
    return lines
