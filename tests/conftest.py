"""Fixtures that every folder may use; each server has its module in tests/servers."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = [
    "tests.servers.shared",
    "tests.servers.ceph",
    "tests.servers.rclone",
    "tests.servers.postgres",
]

# No test may fail for the speed of a machine, and none in CI for the luck of a draw.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")
