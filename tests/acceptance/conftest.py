"""A command for each test; afterwards every WARC that it wrote is checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.command import Pressmark
from tests.validators import check_warcs


@pytest.fixture
def pressmark(tmp_path: Path) -> Iterator[Pressmark]:
    """`pressmark` with a fresh home."""
    command = Pressmark(tmp_path)
    yield command
    check_warcs(tmp_path)
