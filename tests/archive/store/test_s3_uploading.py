"""Uploads in parts: none is left behind, none is sent twice, none replaces an object."""

from __future__ import annotations

import hashlib
import logging

import pytest

from archive.errors import (
    AccessDenied,
    KeyMissing,
    KeyTaken,
    StoreUnavailable,
)
from archive.store.s3 import S3Store
from archive.store.s3_options import LEAST_PART, S3Options
from tests.archive.store.conformance import KEY, MIB, noise
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, FaultProxy, ResetAfter


def open_uploads(server: S3Server, bucket: str) -> int:
    return len(server.client.list_multipart_uploads(Bucket=bucket).get("Uploads", ()))


def test_large_objects_go_in_parts(store: S3Store, proxy: FaultProxy) -> None:
    data = noise(11 * MIB)
    stored = store.put_new(KEY, data)
    assert stored == store.head(KEY)
    assert proxy.count("PUT", "partNumber=") == 3
    assert all(r.header("Content-MD5") for r in proxy.requests if "partNumber=" in r.target)
    assert store.get(KEY) == data


def test_parts_never_replace_an_object(store: S3Store, direct: S3Store, proxy: FaultProxy) -> None:
    """This server ignores the condition when parts are joined."""
    store.probe()
    direct.put_new(KEY, b"other")
    with pytest.raises(KeyTaken):
        store.put_new(KEY, noise(6 * MIB))
    assert direct.get(KEY) == b"other"


@pytest.mark.parametrize(
    ("method", "target"), [("PUT", "partNumber=2"), ("POST", "uploadId")], ids=["part", "join"]
)
def test_failed_upload_leaves_no_parts(
    store: S3Store, proxy: FaultProxy, s3: S3Server, s3_bucket: str, method: str, target: str
) -> None:
    proxy.fault(Answer(403), method=method, target=target)
    with pytest.raises(AccessDenied):
        store.put_new(KEY, noise(11 * MIB))
    assert open_uploads(s3, s3_bucket) == 0
    with pytest.raises(KeyMissing):
        store.head(KEY)
    store.put_new(KEY, noise(11 * MIB))
    assert open_uploads(s3, s3_bucket) == 0


def test_upload_whose_number_got_lost_leaves_no_parts(
    store: S3Store, proxy: FaultProxy, s3: S3Server, s3_bucket: str
) -> None:
    """The client asks again, and there are two."""
    proxy.fault(ResetAfter(), method="POST", target="uploads")
    store.put_new(KEY, noise(6 * MIB))
    assert proxy.count("POST", "uploads") == 2
    assert open_uploads(s3, s3_bucket) == 0


def test_parts_that_cannot_be_removed_are_named(
    store: S3Store, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault(Answer(403), method="PUT", target="partNumber=2")
    proxy.fault(Answer(403), method="DELETE")
    with caplog.at_level(logging.WARNING), pytest.raises(AccessDenied):
        store.put_new(KEY, noise(6 * MIB))
    assert f"parts of {KEY} are left" in caplog.text


@pytest.mark.parametrize("died_at", ["part", "join"])
def test_parts_of_an_upload_that_broke_off_are_not_sent_again(
    store: S3Store, proxied: S3Options, proxy: FaultProxy, s3: S3Server, s3_bucket: str,
    died_at: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whether this process goes on, or the next one does."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    data = noise(21 * MIB)
    if died_at == "part":
        proxy.fault(Answer(503), method="PUT", target="partNumber=5", times=5)
    else:
        proxy.fault(Answer(503), method="POST", target="uploadId=", times=5)
    with pytest.raises(StoreUnavailable):
        store.put_new(KEY, data)
    assert open_uploads(s3, s3_bucket) == 1
    proxy.forget()
    later = S3Store(s3_bucket, "main", proxied)
    assert later.put_new(KEY, data).sha256 == hashlib.sha256(data).hexdigest()
    assert proxy.count("PUT", "partNumber=") == (1 if died_at == "part" else 0)
    assert open_uploads(s3, s3_bucket) == 0
    assert later.get(KEY) == data
    later.close()


def test_parts_of_something_else_are_removed(
    store: S3Store, proxy: FaultProxy, s3: S3Server, s3_bucket: str
) -> None:
    client, path = s3.client, f"main/{KEY}"
    for part in (noise(LEAST_PART, seed=9), noise(LEAST_PART)):
        upload = client.create_multipart_upload(Bucket=s3_bucket, Key=path)["UploadId"]
        for number in (1, 7):
            client.upload_part(
                Bucket=s3_bucket, Key=path, UploadId=upload, PartNumber=number, Body=part
            )
    beside = client.create_multipart_upload(Bucket=s3_bucket, Key=f"{path}.other")
    store.put_new(KEY, noise(11 * MIB))
    assert store.get(KEY) == noise(11 * MIB)
    assert proxy.count("PUT", "partNumber=") == 3
    (left,) = client.list_multipart_uploads(Bucket=s3_bucket)["Uploads"]
    assert left["UploadId"] == beside["UploadId"]


def test_upload_where_uploads_may_not_be_listed(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(403), method="GET", target="uploads")
    store.put_new(KEY, noise(6 * MIB))
    assert store.get(KEY) == noise(6 * MIB)
