"""Decisions to withhold, into the new index: nothing may come to be shown by a rebuild."""

from __future__ import annotations

from archive.index import Index
from archive.index.replacement import Replacement
from archive.names import decision_key
from archive.restrictions.stored import read_decisions
from archive.store.base import Store


class Decisions:
    """Methods raise IndexFailure, StoreError."""

    def __init__(self, store: Store, fresh: Replacement, *, forget_missing: bool) -> None:
        self._store = store
        self._fresh = fresh
        self._forget_missing = forget_missing
        self.unread: list[str] = []  #: with the reason

    def load(self) -> None:
        """Those of the store that are not there yet."""
        found, self.unread = read_decisions(self._store, self._fresh.index.decisions.all())
        self._fresh.index.decisions.add(found)

    def catch_up(self, live: Index | None) -> None:
        """What was decided since, while writers are held off, and what the live index alone knows:
        a decision whose object was damaged or lost is obeyed further, and told."""
        known = {} if live is None else live.decisions.all()
        if known.keys() <= self._fresh.index.decisions.all().keys():
            return
        # An object is there before its row.
        self.load()
        here = self._fresh.index.decisions.all()
        alone = {id_: content for id_, content in known.items() if id_ not in here}
        if alone and not self._forget_missing:
            self._fresh.index.decisions.add(alone)
            told = {line.partition(":")[0] for line in self.unread}
            keys = [key for key in map(decision_key, alone) if key not in told]
            self.unread += [f"{key}: the index alone knows this decision" for key in keys]
