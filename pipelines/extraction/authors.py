"""Names of authors, cleaned of what pages write around them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipelines.extraction.lines import one_line

_LONGEST = 80
_LONGEST_LIST = 1_000
_PREFIX = re.compile(
    r"^(?:(?:written |words |text |story |report(?:ed|ing)? |edited )?by|authors?|von|par|por|di|da"
    r"|av|door|door:|автор|текст)(?:\s*:\s*|\s+)",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:[;|•]|\s(?:and|und|et|y|e|og|och|en|&)\s)\s*")
# A comma parts names only where a name of two words or an agency follows: "Smith, John" stays.
_COMMA = re.compile(r"\s*,\s+(?=[^\W\d_a-z][\w.'’-]*\s+[^\W\d_]|[a-z]{2,4}$)")
_NOBODY = re.compile(
    r"admin|administrator|staff|editor|editorial|redaktion|redazione|redacción|redaction|rédaction"
    r"|webmaster|author|unknown|anonymous|guest|null|none|undefined",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|\d{4}|[<>{}\[\]=]|^\(")


def clean_authors(names: Iterable[str]) -> tuple[str, ...]:
    """Names of persons and organisations, each once, in the order given.

    A string may hold several names, labels ("By", "von") and hints that name nobody ("admin").
    """
    found: dict[str, str] = {}
    for name in names:
        for part in _split(";".join(name[:_LONGEST_LIST].splitlines())):
            found.setdefault(part.casefold(), part)
    return tuple(found.values())


def _split(text: str) -> Iterable[str]:
    for outer in _SPLIT.split(_PREFIX.sub("", one_line(text))):
        for part in _COMMA.split(outer):
            name = " ".join(_PREFIX.sub("", part.strip(" ,.:-–—/\t")).split())
            if _is_name(name):
                yield name


def _is_name(name: str) -> bool:
    return (
        1 < len(name) <= _LONGEST
        and not _NOT_A_NAME.search(name)
        and not _NOBODY.fullmatch(name)
        and any(letter.isalpha() for letter in name)
    )
