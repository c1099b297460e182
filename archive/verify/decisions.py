"""Decisions to withhold: each object by its name, and the index by the objects."""

from __future__ import annotations

from archive.collection import Collection
from archive.errors import KeyInvalid
from archive.names import decision_key, decision_of
from archive.restrictions.stored import stored_decisions
from archive.verify.report import Report


def audit_decisions(collection: Collection, report: Report) -> None:
    """Read them all: they are few. Raises StoreError, IndexFailure."""
    # Looked up before the objects are listed: what is decided in between is no matter of ours.
    known = set(collection.index.decisions.all())
    new: list[str] = []
    for key, found in stored_decisions(collection.store):
        if isinstance(found, KeyInvalid):
            report.add("orphan", key, "no decision of a collection is called so there")
            continue
        report.objects += 1
        id_ = decision_of(key)
        if not isinstance(found, str):
            report.add("bad", key, str(found))
        elif id_ not in known:
            new.append(id_)
        known.discard(id_)
    by_now = collection.index.decisions.all() if new else {}
    for id_ in new:
        if id_ not in by_now:
            detail = "who uses this index does not obey this decision"
            report.add("unindexed", decision_key(id_), detail)
    for id_ in sorted(known):
        report.add("missing", decision_key(id_), "the index alone knows this decision")
