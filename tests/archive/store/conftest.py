"""A bucket, seen through a proxy that can break each exchange, and past it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import closing

import pytest
from botocore.loaders import create_loader

from archive.store.s3 import S3Store
from archive.store.s3_options import LEAST_PART, S3Options
from tests.archive.store.buckets import opened, options
from tests.archive.store.conformance import MIB
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import FaultProxy


@pytest.fixture(scope="module", autouse=True)
def quick_clients() -> Iterator[None]:
    """Each test makes clients, and boto3 would parse the same 2 MB of service model for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


@pytest.fixture(scope="module")
def running_proxy(s3: S3Server) -> Iterator[FaultProxy]:
    with FaultProxy(s3.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def proxy(running_proxy: FaultProxy) -> FaultProxy:
    running_proxy.forget()
    return running_proxy


@pytest.fixture
def proxied(s3: S3Server, proxy: FaultProxy) -> S3Options:
    """More than 1 MiB goes in parts of 5 MiB."""
    return options(s3, endpoint_url=proxy.url, multipart_threshold=MIB, multipart_chunk=LEAST_PART)


@pytest.fixture
def store(proxied: S3Options, s3_bucket: str) -> Iterator[S3Store]:
    """Through the proxy."""
    with closing(S3Store(s3_bucket, "main", proxied)) as store:
        yield store


@pytest.fixture
def direct(s3: S3Server, s3_bucket: str) -> Iterator[S3Store]:
    """The same objects, past the proxy."""
    with opened(s3, s3_bucket) as store:
        yield store
