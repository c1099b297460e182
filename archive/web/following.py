"""What is followed, as far as everybody may know it: handed in by whoever reads the settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A source and where its crawls begin. Its URLs have no password in them."""

    name: str
    seeds: tuple[str, ...] = ()  #: pages
    feeds: tuple[str, ...] = ()  #: RSS, Atom, JSON Feed
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()  #: pages that list articles
    schedule: str | None = None  #: "every 2h", or a cron line; None: by hand
