"""S3Store against a provider that ignores conditions and sends ranges under status 200."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from archive.errors import KeyTaken
from archive.store.base import Capabilities, Store
from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options
from tests.archive.store.conformance import KEY, MIB, StoreConformance, noise
from tests.servers.ceph import S3Server


def options(server: S3Server) -> S3Options:
    return S3Options(
        endpoint_url=server.endpoint_url,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        page_size=10,
    )


class TestPoorS3Store(StoreConformance):
    @pytest.fixture
    def store(self, rclone: S3Server, rclone_bucket: str) -> Iterator[Store]:
        store = S3Store(rclone_bucket, "main", options(rclone))
        yield store
        store.close()

    def test_it_is_seen_to_be_poor(self, store: Store) -> None:
        assert store.probe() == Capabilities(
            create_only=False, ranged_reads=True, notes_digests=True, checks_arrivals=True
        )

    def test_ranges_that_come_under_status_200(self, store: Store) -> None:
        data = noise(3 * MIB + 11)
        store.put_new(KEY, data)
        for at, length in ((0, 1), (MIB - 1, 2), (2 * MIB, 5000), (3 * MIB + 10, 9)):
            assert store.read(KEY, at, length) == data[at : at + length]

    def test_what_another_process_wrote_first_stays(
        self, store: Store, rclone: S3Server, rclone_bucket: str
    ) -> None:
        """Seen before the server is asked to write, because it would."""
        rclone.client.put_object(Bucket=rclone_bucket, Key=f"main/{KEY}", Body=b"theirs")
        for _ in range(2):
            with pytest.raises(KeyTaken):
                store.put_new(KEY, b"ours")
            with pytest.raises(KeyTaken):
                store.put_new(KEY, noise(17 * MIB))
            store.probe()
        assert store.get(KEY) == b"theirs"

    def test_racing_writers_of_large_objects(self, store: Store) -> None:
        gate = threading.Barrier(3)

        def put(number: int) -> bool:
            gate.wait()
            try:
                store.put_new(KEY, noise(17 * MIB, seed=number))
            except KeyTaken:
                return False
            return True

        with ThreadPoolExecutor(3) as pool:
            won = list(pool.map(put, range(3)))
        assert won.count(True) == 1
        assert store.get(KEY) == noise(17 * MIB, seed=won.index(True))
