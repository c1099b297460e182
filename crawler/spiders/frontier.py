"""Which of the URLs that a crawl finds it asks for: each once, in scope, within depth and limit."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

from crawler.discovery.scope import Scope, host_of
from crawler.spiders.budget import Budget, Candidate

logger = logging.getLogger(__name__)


class Frontier:
    """A candidate that it gives has a place of the limit until that is given back."""

    def __init__(self, scope: Scope, *, depth: int, limit: int) -> None:
        """`limit`: the documents of the whole crawl."""
        self.depth = depth
        self.scope = scope
        self.followed = 0  #: links that were new and in scope
        self.left_out = 0  #: links that were new and out of scope
        self._budget = Budget(limit)
        self._seen: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Whether every place is taken."""
        return self._budget.is_spent

    def start(self, url: str) -> Iterator[Candidate]:
        """Where the crawl begins, whatever the scope."""
        self._seen.add(url)
        yield from self._place(Candidate(url, 0))

    def follow(self, urls: Iterable[str], via: str, depth: int) -> Iterator[Candidate]:
        """Links of `via`, `depth` links from where the crawl began."""
        if depth > self.depth:
            return
        scope = self.scope
        if not scope.hosts and depth > 1:
            # Feeds alone name no host; what they lead to must not lead through the whole web.
            scope = replace(scope, hosts=frozenset({host_of(via) or ""}))
        for url in urls:
            if url in self._seen:
                continue
            self._seen.add(url)
            decision = scope.decide(url)
            if decision:
                self.followed += 1
                yield from self._place(Candidate(url, depth, via))
            else:
                self.left_out += 1
                logger.debug("%s is out of scope: %s", url, decision.reason)

    def came(self, url: str) -> None:
        """A document has come from this URL, perhaps by a redirect."""
        self._seen.add(url)

    def widen(self, url: str) -> None:
        """Its host is in scope too: a seed has led there."""
        self.scope = self.scope.with_host_of(url)

    def give_back(self) -> Candidate | None:
        """A place was of no use. Who gets it instead, if anybody waits."""
        return self._budget.give_back()

    def _place(self, candidate: Candidate) -> Iterator[Candidate]:
        if self._budget.take(candidate):
            yield candidate
