"""The data and tools that lie beside the project; tests that need them skip by name without."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the project; skips the test where there is none."""
    if not SHARED.is_dir():
        pytest.skip("needs the folder 'shared' beside the project")
    return SHARED
