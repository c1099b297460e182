"""S3Store against a provider that ignores conditions and sends ranges under status 200."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archive.errors import KeyTaken
from archive.store.base import Capabilities, Store
from tests.archive.store.buckets import opened
from tests.archive.store.conformance import KEY, MIB, StoreConformance, noise, race
from tests.servers.ceph import S3Server


class TestPoorS3Store(StoreConformance):
    @pytest.fixture
    def store(self, rclone: S3Server, rclone_bucket: str) -> Iterator[Store]:
        with opened(rclone, rclone_bucket) as store:
            yield store

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
        race(store, KEY, [noise(17 * MIB, seed=number) for number in range(3)])
