"""The versions of an article, from its captures."""

from __future__ import annotations

from archive.versions.model import Comparison, Versions
from archive.view import View


def versions_of(view: View, url: str) -> Versions:
    """How the article at a URL changed. Raises NotArchived, UrlError, IndexFailure."""
    raise NotImplementedError(view, url)


def compare(
    view: View, url: str, *, start: str | None = None, end: str | None = None
) -> Comparison:
    """What changed from the version nearest to `start` to that nearest to `end`, 14 digits each.

    Without `end` up to the last version; without `start` from the version before.
    Raises NothingToCompare where both are the same version; NotArchived, UrlError, IndexFailure.
    """
    raise NotImplementedError(view, url, start, end)
