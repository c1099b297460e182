"""Fixtures that every folder may use; each server has its module in tests/servers."""

pytest_plugins = ["tests.servers.shared", "tests.servers.ceph"]
