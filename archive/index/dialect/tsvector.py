"""Search tokens as `tsvector` and `tsquery` literals of PostgreSQL.

(https://www.postgresql.org/docs/15/datatype-textsearch.html, with the limits that are kept here.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archive.index.words import Alternatives

_LABELS = {"title": "A", "text": "B", "authors": "C", "accented": "D"}
_LAST_POSITION = 16383
_MOST_POSITIONS = 255
_LONGEST = 500  # characters of one token; the limit is 2046 bytes
_ROOM = 900_000  # bytes of all of them; the limit is 2**20


def tsvector(row: Mapping[str, str]) -> str:
    """The literal of a document's tokens, which `row` has by field, parted by spaces.

    Fields lie apart, so that no phrase reaches from one into the next. Behind position 16383 tokens
    are found alone, but no longer as parts of phrases.
    """
    places: dict[str, list[str]] = {}
    room = _ROOM
    position = 0
    for name, label in _LABELS.items():
        for word in row[name].split():
            token = word[:_LONGEST]
            position += 1
            found = places.get(token)
            if found is None:
                # An entry costs its positions and a header besides.
                room -= len(token.encode()) + 8
                if room < 0:
                    continue
                found = places[token] = []
            elif len(found) >= _MOST_POSITIONS or position > _LAST_POSITION:
                continue
            room -= 2
            found.append(f"{min(position, _LAST_POSITION)}{label}")
        position += 1
    return " ".join(f"'{token}':{','.join(found)}" for token, found in places.items())


def tsquery(words: Sequence[Alternatives]) -> str:
    """The literal of a query for documents that have one reading of each of the words."""
    return " & ".join(
        "({})".format(" | ".join(_phrase(phrase.tokens, phrase.prefix) for phrase in word))
        for word in words
    )


def _phrase(tokens: Sequence[str], prefix: bool) -> str:
    # Tokens hold letters, marks and digits alone: nothing in them ends the quotation.
    joined = " <-> ".join(f"'{token[:_LONGEST]}'" for token in tokens)
    return f"({joined}{':*' if prefix else ''})"
