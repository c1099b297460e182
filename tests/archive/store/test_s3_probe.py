"""What a server is seen to do, and that it is remembered."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from archive.errors import (
    KeyMissing,
    StoreUnavailable,
)
from archive.store.base import Capabilities
from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options
from tests.archive.store.buckets import opened
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import Answer, FaultProxy


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


def test_abilities_of_this_server(store: S3Store) -> None:
    assert store.probe() == Capabilities(
        create_only=True, ranged_reads=True, notes_digests=True, checks_arrivals=True
    )


def test_probe_sees_a_server_that_lets_all_win(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(200, headers={"ETag": '"0"'}), method="PUT", target="probe", times=8)
    assert not store.probe().create_only
    proxy.fault(Answer(501), method="PUT", target="probe", times=8)
    assert not store.probe().create_only


def test_race_whose_winner_was_not_told_is_run_again(store: S3Store, proxy: FaultProxy) -> None:
    """The winner's answer is lost, and its retry is refused: that says nothing of the server."""
    proxy.fault(Answer(412), method="PUT", target="probe", times=8)
    assert store.probe().create_only
    proxy.fault(Answer(412), method="PUT", target="probe", times=24)
    assert not store.probe().create_only


def test_server_that_keeps_no_digests(store: S3Store, proxy: FaultProxy) -> None:
    proxy.fault(Answer(200, headers={"ETag": '"0"', "Content-Length": "16"}), method="HEAD")
    assert not store.probe().notes_digests


def test_probe_of_a_server_that_is_away_tells_of_the_server_alone(
    s3: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with (
        opened(s3, "bucket", endpoint_url=f"http://127.0.0.1:{port}") as away,
        pytest.raises(StoreUnavailable) as error,
    ):
        away.probe()
    assert str(error.value).startswith("the store s3://bucket/main does not answer: ")
    assert "probe" not in str(error.value)
    assert [record.message for record in caplog.records if "probe/" in record.message] == []


def test_scratch_object_that_cannot_be_deleted_is_told(
    store: S3Store, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault(Answer(403), method="DELETE", target="probe", times=100)
    assert store.probe().create_only
    assert "cannot be deleted" in caplog.text


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
