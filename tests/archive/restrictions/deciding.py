"""Deciding in tests: a collection whose objects are in memory, and decisions about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archive.collection import Collection
from archive.index import Index
from archive.restrictions.model import Restriction
from archive.restrictions.objects import new_restriction
from archive.restrictions.register import Restrictions
from archive.store.base import Store
from archive.store.memory import MemoryStore

REASON = "a source asked for it"


@contextmanager
def opened(index_url: str, store: Store | None = None) -> Iterator[Collection]:
    """A collection, in memory where no store is given."""
    collection = Collection(store or MemoryStore(), Index(index_url))
    try:
        yield collection
    finally:
        collection.close()


def withhold(collection: Collection, **what: Any) -> Restriction:
    """Decide it by way of the collection's own database."""
    decision, data = new_restriction(**{"reason": REASON, **what})
    Restrictions(collection.index).decide(collection, decision, data)
    return decision
