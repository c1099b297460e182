"""What an audit has read and found."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["bad", "missing", "orphan", "unindexed"]

MOST = 10_000
"""Findings that are kept by name; more are counted only: a report fits into memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    #: bad: bytes or fields differ; missing: named but not there; orphan: there, but not named;
    #: unindexed: in storage, but not in the index
    kind: Kind
    name: str  #: file name, or file name and offset; the key where the name is none of a collection
    detail: str  #: one sentence


@dataclass(slots=True, kw_only=True)
class Report:
    """What an audit has read and found."""

    objects: int = 0  #: objects of the store that were read whole
    records: int = 0  #: WARC records read
    complete: bool = True  #: False: it was cancelled before its end
    findings: list[Finding] = field(default_factory=list)  #: the first `MOST`
    _counts: Counter[Kind] = field(default_factory=Counter, repr=False)

    def add(self, kind: Kind, name: str, detail: str) -> None:
        """Note a finding."""
        self._counts[kind] += 1
        if len(self.findings) < MOST:
            self.findings.append(Finding(kind=kind, name=name, detail=detail))

    def count(self, kind: Kind) -> int:
        """How many findings of a kind there are, kept by name or not."""
        return self._counts[kind]

    def to_json(self) -> dict[str, Any]:
        """`objects records bad missing orphans unindexed` as numbers, and the findings.

        What is not in the index is an orphan too.
        """
        return {
            "objects": self.objects,
            "records": self.records,
            "bad": self.count("bad"),
            "missing": self.count("missing"),
            "orphans": self.count("orphan") + self.count("unindexed"),
            "unindexed": self.count("unindexed"),
            "findings": [asdict(finding) for finding in self.findings],
        }
