"""collection.json, the description of a collection: what tells it from a folder and from others.

A collection is the values in it, however they are written. The index keeps the text, so that the
same one can be put back where the store has lost it: another one would be another collection.
"""

from __future__ import annotations

import json

from archive.errors import KeyMissing, ObjectDamaged
from archive.names import DESCRIPTION
from archive.store.base import Store
from archive.timestamps import now, to_warc_date
from archive.warc.writing import SOFTWARE

FORMAT = 1
"""Version of the storage layout, in collection.json."""


def new_description(name: str) -> str:
    """Text of the description of a collection that begins now."""
    fields = {
        "format": FORMAT,
        "name": name,
        "created": to_warc_date(now()),
        "software": SOFTWARE,
    }
    return f"{json.dumps(fields, indent=1)}\n"


def text_of(description: bytes) -> str:
    """As text. Raises UnicodeDecodeError."""
    return description.decode("utf-8-sig")


def values_of(description: bytes | str) -> dict[str, object] | None:
    """What it says; None where it is damaged, as far as that can be told by itself."""
    try:
        text = description if isinstance(description, str) else text_of(description)
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def are_others(one: bytes | str, other: bytes | str) -> bool:
    """Whether they describe two collections. A damaged one says nothing."""
    values, others = values_of(one), values_of(other)
    return values is not None and others is not None and values != others


def stored_description(store: Store) -> str | None:
    """The text in a store; None where it is missing or damaged. Raises StoreError."""
    try:
        description = store.get(DESCRIPTION)
    except (KeyMissing, ObjectDamaged):
        return None
    return None if values_of(description) is None else text_of(description)


def is_of(known: str, store: Store, *, filled: bool) -> bool:
    """Whether what an index noted is the description that a store has lost.

    `filled`: the index names files there. Of one that names none, the name has to tell.
    """
    values = values_of(known)
    return values is not None and (filled or values.get("name") == store.uri)
