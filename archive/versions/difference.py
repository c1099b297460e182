"""What changed between two documents, word by word."""

from __future__ import annotations

from archive.model import Article
from archive.versions.model import Difference


def difference(old: Article, new: Article) -> Difference:
    """Takes about a second for texts of 50,000 words."""
    raise NotImplementedError(old, new)
