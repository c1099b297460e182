"""The decisions of a collection: made, learnt of, and asked with every request.

A decision is an object of the store before anybody is told of it; its row in the index makes it
known to every process that shares the database. Others learn of it by `refresh`.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from archive.collection import Collection
from archive.errors import (
    IndexDamaged,
    IndexFailure,
    IndexUnavailable,
    KeyInvalid,
    RecordError,
    RestrictionLifted,
    RestrictionUnknown,
)
from archive.index import CaptureQuery, Index
from archive.names import decision_key
from archive.restrictions.model import Decision, Restriction, Standing
from archive.restrictions.objects import (
    DecisionNewer,
    key_of_decision,
    new_lifting,
    read_decision,
)
from archive.restrictions.rules import NOTHING, Rules, is_beside, standings_of
from archive.restrictions.stored import read_decisions
from archive.store.base import Store
from archive.timestamps import now, readable, to_timestamp

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    mark: object  #: of the index, when the decisions were read
    decisions: dict[str, Decision]  #: by id
    rules: Rules


class Restrictions:
    """Thread-safe. Every method raises IndexFailure."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known = _Known(None, {}, NOTHING)
        self._own: dict[str, Decision] = {}  # of the store, where the index cannot be written
        self._told: set[str] = set()
        self._learning = threading.Lock()
        self._reading = threading.Lock()  # else who began before the others might end after them

    # What is known

    def rules(self) -> Rules:
        """What is withheld in this moment. Costs one small question to the database."""
        known = self._known
        if known.mark == self._index.decisions.mark() and not _ended(known.rules):
            return known.rules
        with self._reading:
            mark = self._index.decisions.mark()
            known = self._known  # another thread may have read them meanwhile
            if known.mark != mark or _ended(known.rules):
                known = self._read(mark)
            return known.rules

    def standings(self) -> list[Standing]:
        """All restrictions that there ever were, in the order of their ids."""
        self.rules()
        return standings_of(self._known.decisions.values(), to_timestamp(now()))

    def touched(self, restriction: Restriction) -> int:
        """How many captures in the index are of its URLs and times, or have its digest."""
        if restriction.url is None:
            return self._index.count_digest(restriction.digest or "")
        query = CaptureQuery(
            url=restriction.url,
            match=restriction.match,
            start=restriction.start,
            end=restriction.end,
        )
        own = 0
        if is_beside(restriction):
            own = self._index.count(replace(query, match="exact"))
        return own + self._index.count(query)

    def _read(self, mark: object) -> _Known:
        """By who has `_reading`."""
        decisions = dict(self._own)
        for id_, content in self._index.decisions.all().items():
            try:
                decisions[id_] = read_decision(decision_key(id_), content.encode())
            except DecisionNewer as error:
                raise IndexFailure(f"what is withheld cannot be told: {error}") from error
            except (RecordError, KeyInvalid) as error:
                raise IndexDamaged(
                    f"the index has a damaged copy of the decision {id_}, and cannot tell what is "
                    "withheld: run `pressmark rebuild-index`"
                ) from error
        rules = Rules(decisions.values(), to_timestamp(now()))
        # Read after the mark: what came in between is read once more with the next question.
        self._known = known = _Known(mark, decisions, rules)
        return known

    # Decisions

    def decide(self, collection: Collection, restriction: Restriction, data: bytes) -> Standing:
        """Keep a restriction that was made just now; when this returns it is durable, and obeyed
        by all who share the database.

        Raises StoreError, and then nothing is decided; IndexFailure with the advice what to do
        where it is in the store and nobody knows of it.
        """
        self._wait(collection)
        self._keep(collection, restriction, data)
        return Standing(restriction=restriction, lifted=None, in_force=True)

    def lift(self, collection: Collection, id_: str, reason: str = "") -> Standing:
        """End a restriction.

        Raises RestrictionUnknown, RestrictionLifted, and as `decide`.
        """
        self._wait(collection)
        restriction = self._restriction(collection.store, id_)
        lifting, data = new_lifting(id_, reason)
        self._keep(collection, lifting, data)
        return Standing(restriction=restriction, lifted=lifting, in_force=False)

    def _wait(self, collection: Collection) -> None:
        collection.ensure()
        self._index.wait()

    def _keep(self, collection: Collection, decision: Decision, data: bytes) -> None:
        collection.store.put_new(key_of_decision(decision), data)
        try:
            self._index.decisions.add({decision.id: data.decode()})
        except IndexUnavailable as error:
            raise IndexUnavailable(
                f"the decision {decision.id} is in the store, but not in the index yet ({error}): "
                "`pressmark serve` learns of it within a minute"
            ) from error

    def _restriction(self, store: Store, id_: str) -> Restriction:
        """One that is not lifted, not even by somebody with another database."""
        self.refresh(store)
        found = next((one for one in self.standings() if one.restriction.id == id_), None)
        if found is None:
            raise RestrictionUnknown(id_)
        if found.lifted is not None:
            raise RestrictionLifted(id_, readable(to_timestamp(found.lifted.created)))
        return found.restriction

    # Learning

    def refresh(self, store: Store) -> list[str]:
        """Learn of decisions that are in the store alone. All are listed: one may come there long
        after it was made, from a mirror or by `verify --repair`.

        Returns the objects that say nothing, each with the reason. Raises StoreError.
        """
        with self._learning:
            self.rules()
            new, unread = read_decisions(store, self._known.decisions)
            self._learn(new)
        for line in set(unread) - self._told:
            logger.error("%s", line)
        self._told.update(unread)
        return unread

    def _learn(self, new: dict[str, str]) -> None:
        if not new:
            return
        try:
            self._index.decisions.add(new)
        except IndexFailure as error:
            # Such as an archive on a read-only medium: obeyed here all the same.
            logger.warning("%d decisions are not in the index: %s", len(new), error)
            with self._reading:
                self._own |= {
                    id_: read_decision(decision_key(id_), content.encode())
                    for id_, content in new.items()
                }
                self._read(self._known.mark)


def _ended(rules: Rules) -> bool:
    return rules.expires is not None and rules.expires <= to_timestamp(now())
