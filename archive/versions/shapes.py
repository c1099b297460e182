"""Versions and differences as objects of JSON, for commands and the API."""

from __future__ import annotations

from typing import Any

from archive.versions.model import (
    Change,
    Comparison,
    Difference,
    ListChange,
    Paragraph,
    Span,
    Version,
)


def version_json(version: Version) -> dict[str, Any]:
    """The contract's fields, then ours."""
    return {
        "url": version.url,
        "timestamp": version.timestamp,
        "last_timestamp": version.last_timestamp,
        "captures": version.captures,
        "status": version.capture.status,
        "text_digest": version.text_digest,
        "title": version.title,
        "kinds": list(version.kinds),
        "words": version.words,
        "digest": version.capture.digest,
        "memento": version.memento,
        "state": version.state,
        "authors": list(version.authors),
        "published": version.published,
        "modified": version.modified,
        "language": version.language,
    }


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """`url`, `from` and `to` (14 digits), and the fields of the difference."""
    return {
        "url": comparison.url,
        "from": comparison.older.timestamp,
        "to": comparison.newer.timestamp,
        **difference_json(comparison.difference),
    }


def difference_json(difference: Difference) -> dict[str, Any]:
    """What did not change is null. `date` is that of publication."""
    return {
        "title": _change(difference.title),
        "authors": _list_change(difference.authors),
        "date": _change(difference.published),
        "modified": _change(difference.modified),
        "section": _change(difference.section),
        "tags": _list_change(difference.tags),
        "paragraphs": [_paragraph(paragraph) for paragraph in difference.paragraphs],
        "added": difference.added,
        "removed": difference.removed,
        "ratio": round(difference.ratio, 4),
        "kinds": list(difference.kinds),
    }


def _paragraph(paragraph: Paragraph) -> dict[str, Any]:
    return {"kind": paragraph.kind, "spans": [_span(span) for span in paragraph.spans]}


def _span(span: Span) -> dict[str, str]:
    return {"kind": span.kind, "old": span.old, "new": span.new}


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    spans = [_span(span) for span in change.spans]
    return {"old": change.old, "new": change.new, "spans": spans}


def _list_change(change: ListChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "old": list(change.old),
        "new": list(change.new),
        "removed": list(change.removed),
        "added": list(change.added),
    }
