"""Scope: the pure predicate "is this URL ours"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a URL is in scope, and why or why not."""

    allowed: bool
    reason: str  #: "in scope", or what keeps the URL out, for a reader

    def __bool__(self) -> bool:
        return self.allowed


_IN = Decision(allowed=True, reason="in scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which URLs belong to a source. Depth and number of pages are counted elsewhere."""

    hosts: frozenset[str] = frozenset()  #: as `host_of` gives them; empty: any host
    include: tuple[
        re.Pattern[str], ...
    ] = ()  #: one must match somewhere in the URL; empty: any URL
    exclude: tuple[re.Pattern[str], ...] = ()  #: none may match anywhere in the URL

    @classmethod
    def of(
        cls, urls: Iterable[str], include: Iterable[str] = (), exclude: Iterable[str] = ()
    ) -> Scope:
        """The scope of the hosts of `urls`; the others are regular expressions. Raises re.error."""
        return cls(
            hosts=frozenset(host for url in urls if (host := host_of(url))),
            include=tuple(map(re.compile, include)),
            exclude=tuple(map(re.compile, exclude)),
        )

    def with_host_of(self, url: str) -> Scope:
        """The same scope and the host of `url` besides, where hosts matter at all."""
        host = host_of(url)
        if not self.hosts or host is None or host in self.hosts:
            return self
        return replace(self, hosts=self.hosts | {host})

    def decide(self, url: str) -> Decision:
        """Whether `url` is in scope. Never raises."""
        host = host_of(url)
        if host is None:
            return _out("only http and https URLs with a host are archived")
        if self.hosts and host not in self.hosts:
            return _out(f"{host} is not a host of this source")
        for pattern in self.exclude:
            if pattern.search(url):
                return _out(f"excluded by {pattern.pattern!r}")
        if self.include and not any(pattern.search(url) for pattern in self.include):
            return _out("no include pattern matches")
        return _IN


def _out(reason: str) -> Decision:
    return Decision(allowed=False, reason=reason)


def host_of(url: str) -> str | None:
    """The host of an http or https URL: lower case, without `www.`, with the port unless it is the
    scheme's own; None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = parts.hostname.rstrip(".").removeprefix("www.")
    if port in (None, _DEFAULT_PORTS[parts.scheme]):
        return host or None
    return f"{host}:{port}"
