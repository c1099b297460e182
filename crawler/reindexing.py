"""A new index in the place of the old one, while captures go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.index import Counts, Index
from archive.rebuild import Advance, rebuild
from config.schema import Configuration
from crawler.opening import store_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexed:
    """The new index."""

    counts: Counts
    unextracted: int  #: pages that have no document
    unread: tuple[str, ...]  #: files that could not be read, each with the reason


def replace_index(configuration: Configuration, advance: Advance) -> Reindexed:
    """Rebuild the index that the configuration names. Raises StoreError, IndexFailure."""
    store = store_of(configuration)
    try:
        store.check()
        url, home = configuration.index_url, Path(configuration.home)
        unread = rebuild(store, url, home=home, advance=advance)
    finally:
        store.close()
    index = Index(url)
    try:
        return Reindexed(
            counts=index.counts(), unextracted=index.count_unextracted(), unread=tuple(unread)
        )
    finally:
        index.close()
