"""S3Store against a real server, whole and with broken exchanges."""

from __future__ import annotations

import functools
import hashlib
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from archive.errors import (
    AccessDenied,
    BucketMissing,
    KeyMissing,
    KeyTaken,
    ObjectDamaged,
    StoreError,
    StoreUnavailable,
)
from archive.store.base import Capabilities, Store
from archive.store.s3 import S3Store
from archive.store.s3_options import LEAST_PART, S3Options
from tests.archive.store.conformance import KEY, MIB, StoreConformance, noise
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, CutBody, FaultProxy, ResetAfter, ResetBefore, Tamper


def options(server: S3Server) -> S3Options:
    return S3Options(
        endpoint_url=server.endpoint_url,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        ca_bundle=server.ca_bundle,
        page_size=10,
    )


@pytest.fixture(scope="module", autouse=True)
def quick_clients() -> Iterator[None]:
    """Each test makes clients, and boto3 would parse the same 2 MB of service model for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", functools.cache(create_loader))
        yield


class TestS3Store(StoreConformance):
    @pytest.fixture
    def store(self, s3: S3Server, s3_bucket: str) -> Iterator[Store]:
        store = S3Store(s3_bucket, "main", options(s3))
        yield store
        store.close()


class TestS3StoreOverTls(StoreConformance):
    """Also without a prefix. Uploads over TLS fail on many servers with boto3's own settings."""

    @pytest.fixture
    def store(self, s3_tls: S3Server, s3_tls_bucket: str) -> Iterator[Store]:
        store = S3Store(s3_tls_bucket, "", options(s3_tls))
        yield store
        store.close()


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
    return replace(options(s3), endpoint_url=proxy.url, multipart_threshold=MIB,
                   multipart_chunk=LEAST_PART)  # fmt: skip


@pytest.fixture
def store(proxied: S3Options, s3_bucket: str) -> Iterator[S3Store]:
    """Through the proxy; sends more than 1 MiB in parts of 5 MiB."""
    store = S3Store(s3_bucket, "main", proxied)
    yield store
    store.close()


@pytest.fixture
def direct(s3: S3Server, s3_bucket: str) -> Iterator[S3Store]:
    """The same objects, past the proxy."""
    store = S3Store(s3_bucket, "main", options(s3))
    yield store
    store.close()


def open_uploads(server: S3Server, bucket: str) -> int:
    return len(server.client.list_multipart_uploads(Bucket=bucket).get("Uploads", ()))


# -- requests


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


def test_large_objects_go_in_parts(store: S3Store, proxy: FaultProxy) -> None:
    data = noise(11 * MIB)
    stored = store.put_new(KEY, data)
    assert stored == store.head(KEY)
    assert proxy.count("PUT", "partNumber=") == 3
    assert all(r.header("Content-MD5") for r in proxy.requests if "partNumber=" in r.target)
    assert store.get(KEY) == data


def test_prefix_separates(s3: S3Server, s3_bucket: str) -> None:
    one, other = (S3Store(s3_bucket, prefix, options(s3)) for prefix in ("main", "main2/b"))
    one.put_new("warc/a", b"one")
    other.put_new("warc/a", b"other")
    assert (one.get("warc/a"), other.get("warc/a")) == (b"one", b"other")
    assert [o.key for o in one.list("")] == ["warc/a"]
    assert (one.uri, other.uri) == (f"s3://{s3_bucket}/main", f"s3://{s3_bucket}/main2/b")
    one.close()
    other.close()


# -- what is refused


@pytest.mark.parametrize(
    "change", [{"secret_access_key": "wrong"}, {"access_key_id": "nobody"}], ids=["secret", "key"]
)
def test_wrong_credentials(
    proxied: S3Options, s3_bucket: str, proxy: FaultProxy, change: dict[str, str]
) -> None:
    """At once, by each way in, and without telling secrets."""
    wrong = S3Store(s3_bucket, "main", replace(proxied, **change))  # type: ignore[arg-type]  # the names above are those of strings
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
    wrong.close()
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
    store = S3Store(bucket, "", options(s3))
    with pytest.raises(BucketMissing):
        store.check()
    store.close()


def test_no_credentials(
    s3: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    store = S3Store(s3_bucket, "", S3Options(endpoint_url=s3.endpoint_url))
    with pytest.raises(AccessDenied, match="AWS_ACCESS_KEY_ID"):
        store.check()
    store.close()


def test_settings_come_from_the_environment(
    s3_tls: S3Server, s3_tls_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_tls.environment().items():
        monkeypatch.setenv(name, value)
    store = S3Store(s3_tls_bucket)
    store.put_new("a", b"x")
    assert store.get("a") == b"x"
    store.close()


def test_certificate_that_nobody_vouches_for(
    s3_tls: S3Server, s3_tls_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    store = S3Store(s3_tls_bucket, "", replace(options(s3_tls), ca_bundle=None))
    with pytest.raises(StoreUnavailable, match="AWS_CA_BUNDLE"):
        store.check()
    store.close()


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "nonsense"])
def test_endpoint_that_is_no_url(endpoint: str) -> None:
    with pytest.raises(StoreError, match="correct the endpoint"):
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


# -- a server that is away, overloaded, or breaks off


def test_endpoint_away(s3: S3Server, s3_bucket: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        away = replace(options(s3), endpoint_url=f"http://127.0.0.1:{port}")
        store = S3Store(s3_bucket, "main", away)
        with pytest.raises(StoreUnavailable, match="check the network"):
            store.put_new(KEY, b"x")
        store.close()


def test_host_that_does_not_resolve(s3: S3Server) -> None:
    away = replace(options(s3), endpoint_url="http://store.invalid:9000")
    store = S3Store("bucket", "main", away)
    with pytest.raises(StoreUnavailable, match="check the network"):
        store.check()
    store.close()


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


def test_upload_that_a_server_without_conditions_refuses(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(501), method="PUT")
    store.put_new(KEY, b"first")
    assert [r.header("If-None-Match") for r in proxy.requests if r.method == "PUT"] == ["*", ""]
    with pytest.raises(KeyTaken):
        store.put_new(KEY, b"second")


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


def test_foreign_objects_are_not_listed(store: S3Store, s3: S3Server, s3_bucket: str) -> None:
    for key in ("main/README.TXT", "main/warc/", "main/a//b", "other/c", "main/warc/a"):
        s3.client.put_object(Bucket=s3_bucket, Key=key, Body=b"")
    assert [o.key for o in store.list("")] == ["warc/a"]


def test_probe_sees_a_server_that_lets_all_win(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(200, headers={"ETag": '"0"'}), method="PUT", target="probe", times=8)
    assert not store.probe().create_only
    proxy.fault(Answer(501), method="PUT", target="probe", times=8)
    assert not store.probe().create_only


def test_probe_of_a_server_that_is_away_tells_of_the_server_alone(
    s3: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    away = S3Store("bucket", "main", replace(options(s3), endpoint_url=f"http://127.0.0.1:{port}"))
    with pytest.raises(StoreUnavailable) as error:
        away.probe()
    away.close()
    assert str(error.value).startswith("the store s3://bucket/main does not answer: ")
    assert "probe" not in str(error.value)
    assert [record.message for record in caplog.records if "probe/" in record.message] == []


def test_scratch_object_that_cannot_be_deleted_is_told(
    store: S3Store, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault(Answer(403), method="DELETE", target="probe", times=100)
    assert store.probe().create_only
    assert "cannot be deleted" in caplog.text


# -- what is remembered, and what is resumed


class Memory:
    """A CapabilityMemory in a dictionary, which counts what it is told."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], Capabilities] = {}
        self.told = 0

    def recall(self, endpoint: str, bucket: str) -> Capabilities | None:
        return self.seen.get((endpoint, bucket))

    def remember(self, endpoint: str, bucket: str, seen: Capabilities) -> None:
        self.told += 1
        self.seen[endpoint, bucket] = seen


def test_first_write_tries_the_server_once(
    proxied: S3Options, s3_bucket: str, proxy: FaultProxy
) -> None:
    """Threads that come first together, and later processes, do not try it again."""
    memory = Memory()
    first = S3Store(s3_bucket, "main", proxied, memory)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: first.put_new(f"a-{n}", b"x"), range(4)))
    assert memory.told == 1
    assert memory.seen[proxy.url, s3_bucket].create_only
    assert [o.key for o in first.list("")] == ["a-0", "a-1", "a-2", "a-3"]
    first.close()
    proxy.forget()
    second = S3Store(s3_bucket, "main", proxied, memory)
    second.put_new("b", b"x")
    assert [r.method for r in proxy.requests] == ["PUT", "HEAD"]
    second.close()


def test_reading_tries_nothing(proxied: S3Options, s3_bucket: str) -> None:
    memory = Memory()
    store = S3Store(s3_bucket, "main", proxied, memory)
    assert list(store.list("")) == []
    with pytest.raises(KeyMissing):
        store.get("a")
    store.close()
    assert memory.told == 0


def test_write_fails_while_the_server_cannot_be_tried(
    proxied: S3Options, s3_bucket: str, proxy: FaultProxy
) -> None:
    memory = Memory()
    store = S3Store(s3_bucket, "main", proxied, memory)
    proxy.down()
    try:
        with pytest.raises(StoreUnavailable):
            store.put_new("a", b"x")
    finally:
        proxy.up()
    assert memory.told == 0
    store.put_new("a", b"x")
    assert memory.told == 1
    store.close()


def test_race_whose_winner_was_not_told_is_run_again(store: S3Store, proxy: FaultProxy) -> None:
    """The winner's answer is lost, and its retry is refused: that says nothing of the server."""
    proxy.fault(Answer(412), method="PUT", target="probe", times=8)
    assert store.probe().create_only
    proxy.fault(Answer(412), method="PUT", target="probe", times=24)
    assert not store.probe().create_only


def test_abilities_of_this_server(store: S3Store) -> None:
    assert store.probe() == Capabilities(
        create_only=True, ranged_reads=True, notes_digests=True, checks_arrivals=True
    )


def test_server_that_keeps_no_digests(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(200, headers={"ETag": '"0"', "Content-Length": "16"}), method="HEAD")
    assert not store.probe().notes_digests


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
