"""Names of encodings: the labels of the Encoding Standard (4.2), as Python knows them."""

from __future__ import annotations

import re

from w3lib.encoding import resolve_encoding

# Python and w3lib would overlook punctuation around a name, browsers do not.
_LABEL = re.compile(r"[a-z0-9][a-z0-9_:.+-]*")

# Labels that Python does not know or takes for something else, behind its name of the encoding.
_TABLE = """
utf-8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8
utf-16-le unicode utf-16 utf-16le ucs-2 iso-10646-ucs-2 csunicode unicodefeff
utf-16-be utf-16be unicodefffe
big5hkscs big5 big5-hkscs cn-big5 csbig5 x-x-big5
cp949 euc-kr cseuckr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949
gb18030 x-gbk gb_2312 chinese csgb2312 iso-ir-58
cp932 x-sjis ms_kanji csshiftjis ms932
euc_jp x-euc-jp cseucpkdfmtjapanese
mac-cyrillic x-mac-cyrillic x-mac-ukrainian
mac-roman x-mac-roman csmacintosh mac
koi8-r koi koi8 koi8_r
koi8-u koi8-ru
iso8859-8 iso-8859-8-i csiso88598i csiso88598e logical visual
cp874 dos-874
cp1250 x-cp1250
cp1251 x-cp1251
cp1252 x-cp1252 x-user-defined
cp1253 x-cp1253
cp1254 x-cp1254
cp1255 x-cp1255
cp1256 x-cp1256
cp1257 x-cp1257
cp1258 x-cp1258
"""
_LABELS = {
    label: encoding
    for encoding, *labels in map(str.split, _TABLE.strip().splitlines())
    for label in labels
}

SINGLE_BYTE = frozenset(
    ["cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
    + [f"cp125{part}" for part in range(9)]
    + [f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
)
"""Python's names of the single-byte encodings of the standard."""

_ENCODINGS = SINGLE_BYTE | {
    *("utf-8", "utf-16-le", "utf-16-be"),
    *("gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"),
}


def encoding_of_label(label: str) -> str | None:
    """Python's name of the encoding; None for what is not in the standard (utf-7, utf-32, ...)."""
    name = label.strip("\t\n\x0c\r ").lower()
    if not _LABEL.fullmatch(name):
        return None
    encoding = _LABELS.get(name) or resolve_encoding(name)
    return encoding if encoding in _ENCODINGS else None
