"""Reading from a bucket: requests, ranges, listings, and bodies that break off or are damaged."""

from __future__ import annotations

import pytest

from archive.errors import (
    ObjectDamaged,
    StoreUnavailable,
)
from archive.store.s3 import S3Store
from tests.archive.store.conformance import KEY, MIB, noise
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, CutBody, FaultProxy, Tamper


def test_read_is_one_ranged_get(store: S3Store, proxy: FaultProxy) -> None:
    data = noise(6 * MIB)
    store.put_new(KEY, data)
    proxy.forget()
    assert store.read(KEY, 3 * MIB, 20_000) == data[3 * MIB : 3 * MIB + 20_000]
    (request,) = proxy.requests
    assert request.method == "GET"
    assert request.header("Range") == f"bytes={3 * MIB}-{3 * MIB + 19_999}"


def test_reads_share_a_connection(store: S3Store, proxy: FaultProxy) -> None:
    store.put_new(KEY, noise(100_000))
    proxy.forget()
    for number in range(10):
        store.read(KEY, number * 10_000, 10_000)
    assert proxy.connections == 0
    assert proxy.count() == 10


def test_cut_body_is_read_on(store: S3Store, proxy: FaultProxy) -> None:
    """From where it broke off, not again from the beginning."""
    data = noise(3 * MIB, seed=2)
    store.put_new(KEY, data)
    proxy.forget()
    proxy.fault(CutBody(2 * MIB + 5), method="GET", times=1)
    assert store.get(KEY) == data
    first, second = proxy.requests
    assert first.header("Range") == ""
    assert second.header("Range").startswith(f"bytes={2 * MIB + 5}-")
    proxy.forget()
    proxy.fault(CutBody(0), method="GET", times=2)
    assert store.read(KEY, 7, 10) == data[7:17]


def test_body_that_is_always_cut(store: S3Store, proxy: FaultProxy) -> None:
    store.put_new(KEY, b"abcdef")
    proxy.fault(CutBody(0), method="GET", times=99)
    with pytest.raises(StoreUnavailable):
        store.read(KEY, 0, 6)
    with pytest.raises(StoreUnavailable):
        store.get(KEY)


def test_damage_is_noticed(store: S3Store, proxy: FaultProxy) -> None:
    store.put_new(KEY, b"abcdef")
    proxy.fault(Tamper(at=3), method="GET")
    with pytest.raises(ObjectDamaged):
        store.get(KEY)


def test_server_without_ranges(store: S3Store, proxy: FaultProxy) -> None:
    """Some answer 200 and the whole object."""
    data = noise(3 * MIB, seed=3)
    for at, length in ((0, 10), (5, 10), (2 * MIB + 5, 100), (3 * MIB - 4, 10), (4 * MIB, 10)):
        proxy.fault(Answer(200, data), method="GET")
        assert store.read(KEY, at, length) == data[at : at + length]
    proxy.fault(Answer(200, b"0123456789abcdef"), method="GET")
    assert not store.probe().ranged_reads


@pytest.mark.parametrize(
    ("told", "body"),
    [("bytes 4-9/16", b"456789"), ("bytes 0-15/16", b"0123456789abcdef")],
    ids=["the range", "the whole"],
)
def test_range_under_status_200(store: S3Store, proxy: FaultProxy, told: str, body: bytes) -> None:
    """Only Content-Range tells what the body is."""
    proxy.fault(Answer(200, body, headers={"Content-Range": told}), method="GET")
    assert store.read(KEY, 4, 6) == b"456789"


def test_another_range_than_was_asked_for(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(206, b"89", headers={"Content-Range": "bytes 8-9/16"}), method="GET")
    with pytest.raises(ObjectDamaged, match="from byte 8 on"):
        store.read(KEY, 4, 6)


def test_foreign_objects_are_not_listed(store: S3Store, s3: S3Server, s3_bucket: str) -> None:
    for key in ("main/README.TXT", "main/warc/", "main/a//b", "other/c", "main/warc/a"):
        s3.client.put_object(Bucket=s3_bucket, Key=key, Body=b"")
    assert [o.key for o in store.list("")] == ["warc/a"]
