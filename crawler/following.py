"""The sources that are followed, without what only their crawls may know."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from archive.web.following import Followed
from archive.web.guard.masking import without_secret_values
from config.schema import Configuration


def followed(configuration: Configuration) -> tuple[Followed, ...]:
    """In the order of the settings."""
    return tuple(
        Followed(
            name=source.name,
            seeds=_public(source.seeds),
            feeds=_public(source.feeds),
            sitemaps=_public(source.sitemaps),
            sections=_public(source.sections),
            schedule=source.schedule,
        )
        for source in configuration.sources
    )


def _public(urls: Iterable[str]) -> tuple[str, ...]:
    return tuple(without_secret_values(_without_user(url)) for url in urls)


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
