"""A command for each test, and stores for it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.command import Pressmark
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import FaultProxy


@pytest.fixture
def pressmark(tmp_path: Path) -> Pressmark:
    """`pressmark` with a fresh home."""
    return Pressmark(tmp_path)


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    """Before the S3 server; it can be taken away."""
    with FaultProxy(s3.endpoint_url) as server:
        yield server


@pytest.fixture
def proxied(pressmark: Pressmark, s3: S3Server, s3_bucket: str, proxy: FaultProxy) -> Pressmark:
    """`pressmark` with its collection behind the proxy."""
    pressmark.store_in(s3, s3_bucket)
    pressmark.environment["AWS_ENDPOINT_URL_S3"] = proxy.url
    return pressmark


@pytest.fixture
def silent_store(pressmark: Pressmark) -> Iterator[socket.socket]:
    """Where `pressmark` has its collection: connections are accepted, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pressmark.store_at(f"http://127.0.0.1:{silent.getsockname()[1]}")
        yield silent
