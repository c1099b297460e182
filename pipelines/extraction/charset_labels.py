"""Names of encodings: the labels of the Encoding Standard (4.2), as Python knows them."""

from __future__ import annotations

import re

from w3lib.encoding import resolve_encoding

# Python and w3lib would overlook punctuation around a name, browsers do not.
_LABEL = re.compile(r"[a-z0-9][a-z0-9_:.+-]*")

# Labels that Python does not know or takes for something else.
_LABELS = {
    **dict.fromkeys(
        "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8".split(), "utf-8"
    ),
    **dict.fromkeys(
        "unicode utf-16 utf-16le ucs-2 iso-10646-ucs-2 csunicode unicodefeff".split(), "utf-16-le"
    ),
    **dict.fromkeys("utf-16be unicodefffe".split(), "utf-16-be"),
    **dict.fromkeys("big5 big5-hkscs cn-big5 csbig5 x-x-big5".split(), "big5hkscs"),
    **dict.fromkeys(
        "euc-kr cseuckr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
        "windows-949".split(),
        "cp949",
    ),
    **dict.fromkeys("x-gbk gb_2312 chinese csgb2312 iso-ir-58".split(), "gb18030"),
    **dict.fromkeys("x-sjis ms_kanji csshiftjis ms932".split(), "cp932"),
    **dict.fromkeys("x-euc-jp cseucpkdfmtjapanese".split(), "euc_jp"),
    **dict.fromkeys("x-mac-cyrillic x-mac-ukrainian".split(), "mac-cyrillic"),
    **dict.fromkeys("x-mac-roman csmacintosh mac".split(), "mac-roman"),
    **dict.fromkeys("koi koi8 koi8_r".split(), "koi8-r"),
    **dict.fromkeys("iso-8859-8-i csiso88598i csiso88598e logical visual".split(), "iso8859-8"),
    **{f"x-cp125{part}": f"cp125{part}" for part in range(9)},
    "dos-874": "cp874",
    "koi8-ru": "koi8-u",
    "x-user-defined": "cp1252",
}

SINGLE_BYTE = frozenset(
    ["cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
    + [f"cp125{part}" for part in range(9)]
    + [f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
)
"""Python's names of the single-byte encodings of the standard."""

_ENCODINGS = SINGLE_BYTE | frozenset(
    "utf-8 utf-16-le utf-16-be gb18030 big5hkscs euc_jp iso2022_jp cp932 cp949".split()
)


def encoding_of_label(label: str) -> str | None:
    """Python's name of the encoding; None for what is not in the standard (utf-7, utf-32, ...)."""
    name = label.strip("\t\n\x0c\r ").lower()
    if not _LABEL.fullmatch(name):
        return None
    encoding = _LABELS.get(name) or resolve_encoding(name)
    return encoding if encoding in _ENCODINGS else None
