"""A command for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.command import Pressmark


@pytest.fixture
def pressmark(tmp_path: Path) -> Pressmark:
    """`pressmark` with a fresh home."""
    return Pressmark(tmp_path)
