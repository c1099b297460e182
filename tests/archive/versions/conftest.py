"""Fixtures of the tests of versions."""

from __future__ import annotations

from tests.archive.versions.archived import archive

__all__ = ["archive"]
