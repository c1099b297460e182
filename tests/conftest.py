"""Fixtures that every folder may use; each server has its module in tests/servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.servers.shared",
    "tests.servers.ceph",
    "tests.servers.chromium",
    "tests.servers.rclone",
    "tests.servers.postgres",
    "tests.servers.clients",
]

# No test may fail for the speed of a machine, and none in CI for the luck of a draw.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are no text give a test no name: made anew by each worker (the time in a gzip
    header), they would be two names for one test, and pytest-xdist would run none.
    """
    if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").isprintable()):
        return argname
    return None


@pytest.fixture(autouse=True)
def _sound_warcs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every sealed WARC that a test leaves in its folder passes what other people's tools check."""
    folder: Path | None = None
    if "tmp_path" in request.fixturenames and not request.node.get_closest_marker("unsound_warcs"):
        folder = request.getfixturevalue("tmp_path")
    yield
    if folder is not None and any(folder.rglob("*.warc.gz")):
        from tests.validators import check_warcs

        check_warcs(folder)
