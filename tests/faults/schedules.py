"""Seeded faults of an S3 server: what happens to the n-th request of its kind."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field

from tests.servers.faultproxy import (
    Answer,
    CutBody,
    Fault,
    Message,
    ResetAfter,
    ResetBefore,
    Stall,
    WrongEtag,
)

LATE = 0.8
"""Seconds that a late answer takes; the client must wait for less."""

_FAULTY = 8  # requests of one kind that may be broken, so that every schedule ends
_RATES = (0.1, 0.3, 0.6)


def _error(status: int, code: str) -> Answer:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'
    return Answer(status, body.encode(), {"Content-Type": "application/xml"})


FAULTS: dict[str, tuple[Fault, int]] = {
    "busy": (_error(503, "SlowDown"), 4),
    "reset before": (ResetBefore(), 4),
    "reset after": (ResetAfter(), 4),
    "cut": (CutBody(7), 4),
    "wrong etag": (WrongEtag(), 4),
    "late": (Stall(LATE), 2),
    "forbidden": (_error(403, "AccessDenied"), 1),
}
"""Name -> fault and how often it is drawn."""

# HEAD has no body to cut, and the answers to PUT have an empty one.
_CUT = re.compile(r"GET|POST")
_WITH_ETAG = re.compile(r"HEAD|PUT|POST \S+ uploadId")


@dataclass(slots=True)
class Schedule:
    """A choice for FaultProxy.schedule. The same seed has the same fault for the same request.

    A request is known by its kind and how many of that kind came before: the names of segments
    and the order in which threads send do not matter.
    """

    seed: int
    stalls: bool = True
    drawn: list[tuple[str, int, str]] = field(default_factory=list)  #: kind, number, fault
    _seen: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: Message) -> Fault | None:
        kind = _kind(request)
        self._seen[kind] += 1
        number = self._seen[kind]
        name = self._draw(kind, number)
        if name is None:
            return None
        self.drawn.append((kind, number, name))
        return FAULTS[name][0]

    def _draw(self, kind: str, number: int) -> str | None:
        chance = random.Random(f"{self.seed} {kind} {number}")
        if number > _FAULTY or chance.random() > _RATES[self.seed % len(_RATES)]:
            return None
        possible = [
            name
            for name in FAULTS
            if not (name == "cut" and not _CUT.match(kind))
            and not (name == "wrong etag" and not _WITH_ETAG.match(kind))
            and not (name == "late" and not self.stalls)
        ]
        return chance.choices(possible, [FAULTS[name][1] for name in possible])[0]


def _kind(request: Message) -> str:
    """Method, folder and ending of the key, what the query asks for."""
    path, _, query = request.target.partition("?")
    folder = re.search(r"/(warc|cdxj|text|manifests)/", path)
    asked = re.sub(r"(uploadId|prefix|key-marker|[a-z-]*id-marker)=[^&]*", r"\1", query)
    return f"{request.method} {folder[1] if folder else 'bucket'} {asked}"
