"""Versions of an article, and what changed between two of them."""

from archive.versions.difference import difference
from archive.versions.history import MOST, compare, versions_of
from archive.versions.model import (
    Change,
    Comparison,
    Difference,
    Kind,
    ListChange,
    Paragraph,
    ParagraphKind,
    Span,
    SpanKind,
    State,
    Version,
    Versions,
)
from archive.versions.shapes import comparison_json, difference_json, version_json

__all__ = [
    "MOST",
    "Change",
    "Comparison",
    "Difference",
    "Kind",
    "ListChange",
    "Paragraph",
    "ParagraphKind",
    "Span",
    "SpanKind",
    "State",
    "Version",
    "Versions",
    "compare",
    "comparison_json",
    "difference",
    "difference_json",
    "version_json",
    "versions_of",
]
