"""S3Store against a real server: what stores do, and which answers it believes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from archive.errors import (
    AccessDenied,
    KeyTaken,
    ObjectDamaged,
    StoreError,
    StoreUnavailable,
)
from archive.store.base import Store
from archive.store.s3 import S3Store
from tests.archive.store.buckets import opened
from tests.archive.store.conformance import KEY, MIB, StoreConformance, noise
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, FaultProxy, ResetAfter, ResetBefore, Tamper


class TestS3Store(StoreConformance):
    @pytest.fixture
    def store(self, s3: S3Server, s3_bucket: str) -> Iterator[Store]:
        with opened(s3, s3_bucket) as store:
            yield store


class TestS3StoreOverTls(StoreConformance):
    """Also without a prefix. Uploads over TLS fail on many servers with boto3's own settings."""

    @pytest.fixture
    def store(self, s3_tls: S3Server, s3_tls_bucket: str) -> Iterator[Store]:
        with opened(s3_tls, s3_tls_bucket, "") as store:
            yield store


def test_prefix_separates(s3: S3Server, s3_bucket: str) -> None:
    with opened(s3, s3_bucket) as one, opened(s3, s3_bucket, "main2/b") as other:
        one.put_new("warc/a", b"one")
        other.put_new("warc/a", b"other")
        assert (one.get("warc/a"), other.get("warc/a")) == (b"one", b"other")
        assert [o.key for o in one.list("")] == ["warc/a"]
        assert (one.uri, other.uri) == (f"s3://{s3_bucket}/main", f"s3://{s3_bucket}/main2/b")


def test_settings_come_from_the_environment(
    s3_tls: S3Server, s3_tls_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_tls.environment().items():
        monkeypatch.setenv(name, value)
    store = S3Store(s3_tls_bucket)
    store.put_new("a", b"x")
    assert store.get("a") == b"x"
    store.close()


def test_requests_of_a_put(store: S3Store, proxy: FaultProxy) -> None:
    """Asked first whether the key exists, as long as nobody saw the server refuse one."""
    store.put_new("a", b"first")
    assert [r.method for r in proxy.requests] == ["HEAD", "PUT", "HEAD"]
    store.probe()
    proxy.forget()
    store.put_new("b", b"first")
    assert [r.method for r in proxy.requests] == ["PUT", "HEAD"]
    put = proxy.requests[0]
    assert put.header("If-None-Match") == "*"
    assert put.header("Content-MD5")
    assert put.header("x-amz-meta-sha256") == hashlib.sha256(b"first").hexdigest()
    assert put.header("Content-Length") == "5"


def test_upload_that_a_server_without_conditions_refuses(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(501), method="PUT")
    store.put_new(KEY, b"first")
    assert [r.header("If-None-Match") for r in proxy.requests if r.method == "PUT"] == ["*", ""]
    with pytest.raises(KeyTaken):
        store.put_new(KEY, b"second")


@pytest.mark.parametrize("fault", [ResetBefore(), ResetAfter()], ids=["before", "after"])
@pytest.mark.parametrize("size", [5, 6 * MIB], ids=["whole", "parts"])
@pytest.mark.parametrize("probed", [False, True])
def test_reset_of_a_put(
    store: S3Store, proxy: FaultProxy, fault: ResetBefore | ResetAfter, size: int, probed: bool
) -> None:
    """Reset after the server did it, the retry gets 412 for what it wrote itself."""
    if probed:
        store.probe()
    proxy.forget()
    # The request that makes the object: the PUT, or the POST that joins the parts.
    method, target = ("PUT", "") if size == 5 else ("POST", "uploadId=")
    proxy.fault(fault, method=method, target=target)
    assert store.put_new(KEY, noise(size)).sha256 == hashlib.sha256(noise(size)).hexdigest()
    assert proxy.count(method, target) == 2
    assert store.get(KEY) == noise(size)


def test_reset_of_what_is_put_right(store: S3Store, proxy: FaultProxy) -> None:
    """An upload that is gone means, here too, that the answer that was lost was a good one."""
    store.put_new(KEY, b"damaged")
    gone = b'<?xml version="1.0"?><Error><Code>NoSuchUpload</Code></Error>'
    proxy.fault(ResetAfter(), method="POST", target="uploadId=")
    proxy.fault(Answer(404, gone), method="POST", target="uploadId=")
    assert store.put_right(KEY, noise(6 * MIB)).size == 6 * MIB
    assert proxy.count("POST", "uploadId=") == 2
    assert store.get(KEY) == noise(6 * MIB)


def test_lost_race_is_told_apart_from_an_own_retry(
    store: S3Store, direct: S3Store, proxy: FaultProxy
) -> None:
    store.probe()
    direct.put_new(KEY, b"other")
    proxy.fault(ResetBefore(), method="PUT")
    with pytest.raises(KeyTaken):
        store.put_new(KEY, b"first")
    assert direct.get(KEY) == b"other"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, headers={"ETag": '"00"', "x-amz-meta-sha256": "0" * 64}), KeyTaken),
        (Answer(404), StoreUnavailable),
        (Answer(403), AccessDenied),
    ],
    ids=["other", "gone", "denied"],
)
def test_put_is_only_believed_when_seen(
    store: S3Store, proxy: FaultProxy, answer: Answer, kind: type[StoreError]
) -> None:
    store.probe()
    proxy.forget()
    proxy.fault(answer, method="HEAD")
    with pytest.raises(kind):
        store.put_new(KEY, b"abcdef")


def test_stored_bytes_that_are_not_those_sent(store: S3Store, proxy: FaultProxy) -> None:
    """The server tells another ETag, so the object is read back, and differs."""
    noted = hashlib.sha256(b"abcdef").hexdigest()
    store.probe()
    head = Answer(200, headers={"Content-Length": "6", "ETag": '"00"', "x-amz-meta-sha256": noted})
    proxy.fault(head, method="HEAD")
    store.put_new("a", b"abcdef")  # read back, and it is what was sent
    proxy.fault(head, method="HEAD")
    proxy.fault(Tamper(), method="GET")
    with pytest.raises(ObjectDamaged):
        store.put_new("b", b"abcdef")


def test_object_without_a_noted_digest(store: S3Store, s3: S3Server, s3_bucket: str) -> None:
    """What another program put there is compared by its bytes."""
    s3.client.put_object(Bucket=s3_bucket, Key=f"main/{KEY}", Body=b"abcdef")
    assert store.head(KEY).sha256 is None
    store.put_new(KEY, b"abcdef")
    with pytest.raises(KeyTaken):
        store.put_new(KEY, b"abcdeg")
