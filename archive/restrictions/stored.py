"""The decisions that lie in a store, each by its object."""

from __future__ import annotations

from collections.abc import Container, Iterator

from archive.errors import KeyInvalid, KeyMissing, ObjectDamaged, RecordError
from archive.names import ACCESS, decision_of
from archive.restrictions.objects import read_decision
from archive.store.base import Store

Unread = KeyInvalid | KeyMissing | RecordError | ObjectDamaged
"""Called as no decision is; gone since it was listed; not what was written, in two ways."""


def stored_decisions(
    store: Store, known: Container[str] = ()
) -> Iterator[tuple[str, str | Unread]]:
    """Keys below access/, in their order, with the text of the object or why there is none; those
    of ids that are `known` are not read. Raises StoreError."""
    for stored in store.list(ACCESS):
        found: str | Unread
        try:
            if decision_of(stored.key) in known:
                continue
            data = store.get(stored.key)
            read_decision(stored.key, data)
            found = data.decode()
        except (KeyInvalid, KeyMissing, RecordError, ObjectDamaged) as error:
            found = error
        yield stored.key, found


def read_decisions(store: Store, known: Container[str] = ()) -> tuple[dict[str, str], list[str]]:
    """Objects of decisions, as text, by id, that are not `known`; and what cannot be read, each
    with the reason. Raises StoreError."""
    new: dict[str, str] = {}
    unread: list[str] = []
    for key, found in stored_decisions(store, known):
        if isinstance(found, str):
            new[decision_of(key)] = found
        elif not isinstance(found, KeyMissing):
            unread.append(f"{key}: {found}")
    return new, unread
