"""What all stores say alike of one object that they lack, or have with other bytes."""

from __future__ import annotations

from archive.errors import KeyMissing, KeyTaken


def key_missing(place: object, key: str) -> KeyMissing:
    """`place` is the address of the collection."""
    return KeyMissing(
        f"{place} has no {key}; `pressmark verify --repair` brings it back from a mirror; without "
        "one, bring it back from a backup of the collection",
        key,
    )


def key_taken(place: object, key: str) -> KeyTaken:
    """For an object that was compared. `place` is the address of the collection."""
    return KeyTaken(
        f"{place} has {key} already, with other bytes; if `pressmark verify` calls those bad, "
        "remove them and try again",
        key,
    )
