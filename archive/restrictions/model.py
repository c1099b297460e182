"""Decisions to withhold captures, and to withhold them no longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archive.urlkey import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """What is withheld, and why. Either `url` or `digest` is set."""

    id: str  #: 17 digits, "-", 10 of a-z2-7; see archive.restrictions.objects
    created: datetime  #: aware, UTC, milliseconds
    reason: str  #: for administrators alone
    url: str | None = None  #: captures of this URL, or of what it stands for by `match`
    match: Match = "exact"
    start: str | None = None  #: 14 digits, inclusive: captures of then and later; None: from ever
    end: str | None = None  #: 14 digits, inclusive
    digest: str | None = None  #: captures whose payload has it, "sha256:<64 hex>"
    until: str | None = None  #: 14 digits: it ends by itself in that second; None: when lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifting:
    """An earlier decision ends."""

    id: str  #: of this decision
    created: datetime  #: aware, UTC, milliseconds
    lifts: str  #: id of the restriction
    reason: str  #: for administrators alone; may be ""


Decision = Restriction | Lifting


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A restriction and what has become of it."""

    restriction: Restriction
    lifted: Lifting | None  #: the decision that ended it, the first of several
    in_force: bool  #: neither lifted nor over by itself
