"""Where NOT_PLAIN finds nothing `re` must cut words as `regex` does by Unicode's categories."""

from __future__ import annotations

import re
import sys
import unicodedata

import regex  # type: ignore[import-untyped]  # ships no types

from archive.index.analyser import NO_SPACES
from archive.scripts import NOT_PLAIN

_PLAIN = [
    char
    for char in map(chr, range(sys.maxunicode + 1))
    if not NOT_PLAIN.match(char) and unicodedata.category(char) != "Cn"
]


def test_a_plain_character_is_one_of_a_word_for_both() -> None:
    by_re = {char for char in _PLAIN if re.fullmatch(r"[^\W_]", char)}
    by_regex = {char for char in _PLAIN if regex.fullmatch(r"[\p{L}\p{M}\p{N}]", char)}
    assert by_re == by_regex
    assert {"a", "ß", "Ω", "ж", "ё", "7", "½"} <= by_re


def test_a_plain_character_is_no_mark_and_of_no_script_without_spaces() -> None:
    assert not [char for char in _PLAIN if unicodedata.category(char).startswith("M")]
    assert not [char for char in _PLAIN if NO_SPACES.match(char)]
