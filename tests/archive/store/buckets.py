"""Stores in buckets of the test servers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options
from tests.servers.ceph import S3Server


def options(server: S3Server, **settings: Any) -> S3Options:
    """How to reach the server; listings are in pages of 10 keys."""
    usual = S3Options(
        endpoint_url=server.endpoint_url,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        ca_bundle=server.ca_bundle,
        page_size=10,
    )
    return replace(usual, **settings)


def opened(
    server: S3Server, bucket: str, prefix: str = "main", **settings: Any
) -> closing[S3Store]:
    """A store that is closed at the end of the `with`."""
    return closing(S3Store(bucket, prefix, options(server, **settings)))
