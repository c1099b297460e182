"""Which documents a crawl may still fetch, and which wait for one of its places."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that was found."""

    url: str
    depth: int  #: links from where the crawl began; 0 for a seed
    via: str | None = None  #: URL of the page or feed that names it


class Budget:
    """Hands out `limit` places; one that was of no use is given back and goes to who waits."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._waiting: deque[Candidate] = deque()

    @property
    def is_spent(self) -> bool:
        """Whether every place is taken."""
        return self._taken >= self._limit

    def take(self, candidate: Candidate) -> bool:
        """Whether the candidate may be fetched now; if not, it waits."""
        if self.is_spent:
            self._waiting.append(candidate)
            return False
        self._taken += 1
        return True

    def give_back(self) -> Candidate | None:
        """A place was of no use. Who gets it instead, if anybody waits."""
        if self._waiting:
            return self._waiting.popleft()
        self._taken -= 1
        return None
