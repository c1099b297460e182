"""Retention and encryption: asked for with every object, and seen to hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from archive.errors import AccessDenied, StoreError, StoreUnsupported
from archive.store.base import Store
from archive.store.s3 import S3Store
from archive.store.s3_options import LEAST_PART
from archive.store.s3_protection import Encryption, Protection, Retention
from tests.archive.store.buckets import opened
from tests.archive.store.conformance import KEY, MIB, StoreConformance, noise
from tests.servers.ceph import KMS_KEY, S3Server
from tests.servers.faultproxy import Answer, FaultProxy

GOVERNANCE = Protection(retention=Retention(mode="GOVERNANCE", days=3))
COMPLIANCE = Protection(retention=Retention(mode="COMPLIANCE", days=3))
ENCRYPTED = Protection(encryption=Encryption(algorithm="aws:kms", key_id=KMS_KEY))


def protecting(server: S3Server, bucket: str, protection: Protection) -> closing[S3Store]:
    return opened(server, bucket, multipart_chunk=LEAST_PART, protection=protection)


@pytest.fixture
def locked_bucket(s3: S3Server) -> str:
    return s3.make_bucket(object_lock=True)


class TestProtectedStore(StoreConformance):
    """A store that protects does all that stores do."""

    @pytest.fixture
    def store(self, s3: S3Server, locked_bucket: str) -> Iterator[Store]:
        both = replace(GOVERNANCE, encryption=ENCRYPTED.encryption)
        with protecting(s3, locked_bucket, both) as store:
            yield store


@pytest.mark.parametrize("size", [5, 17 * MIB], ids=["whole", "parts"])
@pytest.mark.parametrize("protection", [GOVERNANCE, COMPLIANCE], ids=["governance", "compliance"])
def test_objects_cannot_be_deleted(
    s3: S3Server, locked_bucket: str, protection: Protection, size: int
) -> None:
    assert protection.retention
    with protecting(s3, locked_bucket, protection) as store:
        store.put_new(KEY, noise(size))
        path = f"main/{KEY}"
        told = s3.client.get_object_retention(Bucket=locked_bucket, Key=path)["Retention"]
        assert told["Mode"] == protection.retention.mode
        assert told["RetainUntilDate"] > datetime.now(UTC) + timedelta(days=2.9)
        (version,) = s3.client.list_object_versions(Bucket=locked_bucket)["Versions"]
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.client.delete_object(Bucket=locked_bucket, Key=path, VersionId=version["VersionId"])
        assert store.protector.retains()


@pytest.mark.parametrize("size", [5, 17 * MIB], ids=["whole", "parts"])
def test_objects_are_encrypted(s3: S3Server, s3_bucket: str, size: int) -> None:
    with protecting(s3, s3_bucket, ENCRYPTED) as store:
        store.put_new(KEY, noise(size))
        assert store.get(KEY) == noise(size)
        told = s3.client.head_object(Bucket=s3_bucket, Key=f"main/{KEY}")
        assert (told["ServerSideEncryption"], told["SSEKMSKeyId"]) == ("aws:kms", KMS_KEY)
        assert store.protector.encrypts()
        assert [o.key for o in store.list("")] == [KEY]


def test_object_that_was_there_without_retention_gets_it(s3: S3Server, locked_bucket: str) -> None:
    with protecting(s3, locked_bucket, Protection()) as before:
        before.put_new(KEY, b"abc")
    with protecting(s3, locked_bucket, GOVERNANCE) as store:
        store.put_new(KEY, b"abc")
        assert store.get(KEY) == b"abc"
    told = s3.client.get_object_retention(Bucket=locked_bucket, Key=f"main/{KEY}")["Retention"]
    assert told["Mode"] == "GOVERNANCE"


def test_object_that_was_there_unencrypted_is_told(s3: S3Server, s3_bucket: str) -> None:
    with protecting(s3, s3_bucket, Protection()) as before:
        before.put_new(KEY, b"abc")
    with (
        protecting(s3, s3_bucket, ENCRYPTED) as store,
        pytest.raises(StoreUnsupported, match=r"without the encryption aws:kms"),
    ):
        store.put_new(KEY, b"abc")


def test_bucket_without_object_lock_is_told(s3: S3Server, s3_bucket: str) -> None:
    with protecting(s3, s3_bucket, GOVERNANCE) as store:
        with pytest.raises(StoreError):
            store.put_new(KEY, b"abc")
        with pytest.raises(StoreError):
            store.protector.retains()


def test_server_that_takes_a_lock_and_does_nothing(rclone: S3Server, rclone_bucket: str) -> None:
    """Every attempt fails, the later ones too, which find the object there."""
    with protecting(rclone, rclone_bucket, GOVERNANCE) as store:
        for _ in range(2):
            with pytest.raises(StoreUnsupported, match=r"s3\.object_lock asks for"):
                store.put_new(KEY, b"abc")
        assert store.get(KEY) == b"abc"
        assert not store.protector.retains()


def test_server_that_says_it_encrypts_and_does_not(rclone: S3Server, rclone_bucket: str) -> None:
    """It repeats whatever it was asked for; only the probe tells."""
    with protecting(rclone, rclone_bucket, ENCRYPTED) as store:
        assert not store.protector.encrypts()


def test_key_that_the_server_does_not_have(s3: S3Server, s3_bucket: str) -> None:
    unknown = Protection(encryption=Encryption(algorithm="aws:kms", key_id="nobody"))
    with (
        protecting(s3, s3_bucket, unknown) as store,
        pytest.raises(StoreError, match=r"the server answered 40[03]"),
    ):
        store.put_new(KEY, b"abc")


@pytest.fixture
def encrypting(s3: S3Server, s3_bucket: str, proxy: FaultProxy) -> Iterator[S3Store]:
    """Through the proxy."""
    with opened(s3, s3_bucket, endpoint_url=proxy.url, protection=ENCRYPTED) as store:
        yield store


def _denied(code: str) -> Answer:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>'
    return Answer(403, body.encode(), {"Content-Type": "application/xml"})


def _scratches(s3: S3Server, bucket: str) -> int:
    return int(s3.client.list_objects_v2(Bucket=bucket, Prefix="main/probe/")["KeyCount"])


def test_key_that_may_not_delete_sees_encryption_all_the_same(
    s3: S3Server, s3_bucket: str, proxy: FaultProxy, encrypting: S3Store
) -> None:
    proxy.fault(_denied("AccessDenied"), method="DELETE", times=100)
    assert encrypting.protector.encrypts()
    assert _scratches(s3, s3_bucket) == 1


def test_server_that_repeats_what_it_was_asked_is_seen_without_deleting(
    rclone: S3Server, rclone_bucket: str
) -> None:
    with FaultProxy(rclone.endpoint_url) as proxy:
        proxy.fault(_denied("AccessDenied"), method="DELETE", times=100)
        with opened(rclone, rclone_bucket, endpoint_url=proxy.url, protection=ENCRYPTED) as store:
            assert not store.protector.encrypts()
        assert proxy.count("PUT") == 2


def test_scratch_object_goes_when_nothing_is_told_of_it(
    s3: S3Server, s3_bucket: str, proxy: FaultProxy, encrypting: S3Store
) -> None:
    proxy.fault(_denied("AccessDenied"), method="HEAD", times=100)
    with pytest.raises(AccessDenied):
        encrypting.protector.encrypts()
    assert proxy.count("PUT") == 1
    assert _scratches(s3, s3_bucket) == 0


def test_credentials_that_end_meanwhile_are_no_refusal_of_an_algorithm(
    proxy: FaultProxy, encrypting: S3Store
) -> None:
    answers = iter([None, _denied("InvalidAccessKeyId")])
    proxy.schedule(lambda request: next(answers) if request.method == "PUT" else None)
    with pytest.raises(AccessDenied):
        encrypting.protector.encrypts()
    assert proxy.count("PUT") == 2
