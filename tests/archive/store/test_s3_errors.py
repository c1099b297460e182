"""Servers that refuse, that are away, or that are overloaded: what is said of them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from archive.errors import (
    AccessDenied,
    BucketMissing,
    StoreError,
    StoreUnavailable,
)
from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options
from tests.archive.store.buckets import opened
from tests.archive.store.conformance import KEY, MIB, noise
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, FaultProxy


@pytest.mark.parametrize(
    "change", [{"secret_access_key": "wrong"}, {"access_key_id": "nobody"}], ids=["secret", "key"]
)
def test_wrong_credentials(
    s3: S3Server, s3_bucket: str, proxy: FaultProxy, change: dict[str, str]
) -> None:
    """At once, by each way in, and without telling secrets."""
    with opened(s3, s3_bucket, endpoint_url=proxy.url, **change) as wrong:
        for attempt in (
            wrong.check,
            wrong.probe,
            lambda: wrong.put_new(KEY, b"x"),
            lambda: wrong.head(KEY),
            lambda: wrong.get(KEY),
            lambda: wrong.read(KEY, 0, 1),
            lambda: list(wrong.list("")),
        ):
            with pytest.raises(AccessDenied, match="check the access key") as error:
                attempt()
            assert "testsecretkey" not in str(error.value)
            assert s3_bucket in str(error.value)
        proxy.forget()
        with pytest.raises(AccessDenied):
            wrong.check()
    assert proxy.count() == 1


def test_missing_bucket(proxied: S3Options, proxy: FaultProxy) -> None:
    missing = S3Store("press-no-such-bucket", "main", proxied)
    for attempt in (
        missing.check,
        missing.probe,
        lambda: missing.put_new(KEY, b"x"),
        lambda: missing.put_new(KEY, noise(2 * MIB)),
        lambda: missing.head(KEY),
        lambda: missing.get(KEY),
        lambda: missing.read(KEY, 0, 1),
        lambda: missing.read(KEY, 0, 0),
        lambda: list(missing.list("")),
    ):
        with pytest.raises(BucketMissing, match="create the bucket"):
            attempt()
    proxy.forget()
    with pytest.raises(BucketMissing):
        missing.check()
    assert proxy.count() == 1
    missing.close()


@pytest.mark.parametrize("bucket", ["ab", "Not_A_Bucket!", "a b"])
def test_impossible_bucket(s3: S3Server, bucket: str) -> None:
    with opened(s3, bucket, "") as store, pytest.raises(BucketMissing):
        store.check()


def test_no_credentials(
    s3: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with (
        opened(s3, s3_bucket, access_key_id=None, secret_access_key=None) as store,
        pytest.raises(AccessDenied, match="AWS_ACCESS_KEY_ID"),
    ):
        store.check()


def test_certificate_that_nobody_vouches_for(
    s3_tls: S3Server, s3_tls_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with (
        opened(s3_tls, s3_tls_bucket, ca_bundle=None) as store,
        pytest.raises(StoreUnavailable, match="AWS_CA_BUNDLE"),
    ):
        store.check()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "nonsense"])
def test_endpoint_that_is_no_url(endpoint: str) -> None:
    with pytest.raises(StoreError, match=r"correct the endpoint \(`s3.endpoint_url` or"):
        S3Store("bucket", "", S3Options(endpoint_url=endpoint))


def test_secrets_are_not_shown() -> None:
    shown = repr(S3Options(secret_access_key="geheim", session_token="streng"))
    assert "geheim" not in shown
    assert "streng" not in shown


def test_server_that_is_no_store(store: S3Store, proxy: FaultProxy) -> None:
    """It answers 404 to everything, as a web server does."""
    proxy.fault(Answer(404, b"<h1>Not Found</h1>"), times=99)
    for attempt in (store.check, lambda: store.put_new(KEY, b"x"), lambda: store.head(KEY)):
        with pytest.raises(BucketMissing):
            attempt()


def test_endpoint_away(s3: S3Server, s3_bucket: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with (
            opened(s3, s3_bucket, endpoint_url=f"http://127.0.0.1:{port}") as store,
            pytest.raises(StoreUnavailable, match="check the network"),
        ):
            store.put_new(KEY, b"x")


def test_host_that_does_not_resolve(s3: S3Server) -> None:
    with (
        opened(s3, "bucket", endpoint_url="http://store.invalid:9000") as store,
        pytest.raises(StoreUnavailable, match="check the network"),
    ):
        store.check()


def test_store_comes_back(store: S3Store, proxy: FaultProxy) -> None:
    store.put_new("a", b"x")
    proxy.down()
    try:
        with pytest.raises(StoreUnavailable):
            store.get("a")
    finally:
        proxy.up()
    assert store.get("a") == b"x"


def test_overload_is_waited_out(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(503), method="PUT", times=2)
    store.put_new(KEY, b"first")
    assert proxy.count("PUT") == 3
    assert store.get(KEY) == b"first"


def test_lasting_overload(
    store: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # botocore waits up to 15 s in all between its attempts.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    proxy.fault(Answer(503), times=99)
    with pytest.raises(StoreUnavailable, match="503"):
        store.get(KEY)
    assert proxy.count() == 5
