from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.index import Index
from tests.archive.index.samples import SEGMENT


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """A new index that knows the segment of the samples."""
    index = Index(f"sqlite:///{tmp_path}/folder/index.db")
    index.add_segment(SEGMENT)
    yield index
    index.close()
