"""Captures, documents and full text in a database: a cache of the objects, rebuilt from them."""

from __future__ import annotations

from archive.index.index import Index
from archive.index.queries import (
    CapturePlace,
    CaptureQuery,
    Counts,
    Matching,
    Neighbours,
    SearchHit,
    SearchQuery,
    SourceCounts,
)

__all__ = [
    "CapturePlace",
    "CaptureQuery",
    "Counts",
    "Index",
    "Matching",
    "Neighbours",
    "SearchHit",
    "SearchQuery",
    "SourceCounts",
]
