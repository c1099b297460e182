"""What every store must do; a subclass supplies the `store` fixture. Not collected itself."""

from __future__ import annotations

import hashlib
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import KeyInvalid, KeyMissing, KeyTaken, StoreError
from archive.store.base import Store

KEY = "warc/2026/11/22/bhrrc-20261122093000123-abcdefghij.warc.gz"
MIB = 1 << 20

ODD_KEYS = (
    "", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "../a", ".hidden", "a/.tmp-1",
    "A", "a b", "a\nb", "a\\b", "ä", "a%20b", "a\x00", "a" * 201,
)  # fmt: skip

# The fixture is one store for all examples, which only read from it, and no example depends on
# which subclass runs it.
shared = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that no coding makes smaller, the same each time."""
    return random.Random(seed).randbytes(size)


def race(store: Store, key: str, contents: list[bytes]) -> None:
    """One of the writers that begin at once wins, and the store keeps what that one wrote."""
    gate = threading.Barrier(len(contents))

    def put(content: bytes) -> bool:
        gate.wait()
        try:
            store.put_new(key, content)
        except KeyTaken:
            return False
        return True

    with ThreadPoolExecutor(len(contents)) as pool:
        won = list(pool.map(put, contents))
    assert won.count(True) == 1
    assert store.get(key) == contents[won.index(True)]


class StoreConformance:
    """Its name does not begin with Test."""

    def test_what_was_put_is_got(self, store: Store) -> None:
        stored = store.put_new(KEY, b"abcdef")
        assert (stored.key, stored.size) == (KEY, 6)
        assert stored.sha256 == hashlib.sha256(b"abcdef").hexdigest()
        assert store.get(KEY) == b"abcdef"
        assert b"".join(store.stream(KEY)) == b"abcdef"
        assert store.head(KEY).size == 6
        assert store.head(KEY).sha256 in (stored.sha256, None)

    def test_object_is_put_right(self, store: Store) -> None:
        store.put_new(KEY, b"damaged")
        stored = store.put_right(KEY, b"whole")
        assert (stored.size, store.get(KEY)) == (5, b"whole")
        store.put_right("access/absent", b"x")
        assert store.get("access/absent") == b"x"

    def test_large_object_is_put_right_in_parts(self, store: Store) -> None:
        store.put_new(KEY, noise(17 * MIB, seed=2))
        assert store.put_right(KEY, noise(17 * MIB)).size == 17 * MIB
        assert store.get(KEY) == noise(17 * MIB)

    def test_file_is_put(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "segment").write_bytes(noise(3 * MIB + 7))
        store.put_new(KEY, tmp_path / "segment")
        assert store.get(KEY) == noise(3 * MIB + 7)

    def test_empty_object(self, store: Store) -> None:
        assert store.put_new("access/empty", b"").size == 0
        assert store.get("access/empty") == b""
        assert list(store.stream("access/empty")) == []
        assert store.read("access/empty", 0, 10) == b""

    def test_large_object_in_parts(self, store: Store, tmp_path: Path) -> None:
        """17 MiB: beyond the threshold of a multipart upload."""
        data = noise(17 * MIB)
        (tmp_path / "segment").write_bytes(data)
        store.put_new(KEY, tmp_path / "segment")
        assert store.read(KEY, 16 * MIB - 5, 10) == data[16 * MIB - 5 : 16 * MIB + 5]
        assert hashlib.sha256(b"".join(store.stream(KEY))).digest() == hashlib.sha256(data).digest()
        store.put_new(KEY, tmp_path / "segment")
        with pytest.raises(KeyTaken):
            store.put_new(KEY, data[:-1] + b"?")
        assert store.get(KEY) == data

    def test_object_is_never_changed(self, store: Store) -> None:
        store.put_new(KEY, b"first")
        for other in (b"second", b"First", b"", b"first and more"):
            with pytest.raises(KeyTaken, match="if `pressmark verify` calls those bad") as error:
                store.put_new(KEY, other)
            assert error.value.key == KEY
        assert store.get(KEY) == b"first"

    def test_equal_bytes_count_as_success(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "same").write_bytes(b"first")
        assert store.put_new(KEY, b"first") == store.put_new(KEY, tmp_path / "same")

    def test_one_of_racing_writers_wins(self, store: Store) -> None:
        store.probe()
        for turn in range(3):
            race(store, f"warc/race-{turn}", [f"writer {number}".encode() for number in range(8)])

    def test_racing_writers_of_equal_bytes_all_succeed(self, store: Store) -> None:
        store.probe()
        with ThreadPoolExecutor(8) as pool:
            sizes = [o.size for o in pool.map(lambda _: store.put_new(KEY, b"same"), range(8))]
        assert sizes == [4] * 8

    def test_missing_source_is_named(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="no-such-segment"):
            store.put_new(KEY, tmp_path / "no-such-segment")
        with pytest.raises(KeyMissing):
            store.head(KEY)

    def test_missing_key(self, store: Store) -> None:
        store.put_new("warc/a", b"a")
        for attempt in (
            lambda: store.get("warc/b"),
            lambda: store.head("warc/b"),
            lambda: store.read("warc/b", 0, 1),
            lambda: store.read("warc/b", 0, 0),
            lambda: b"".join(store.stream("warc/b")),
            lambda: store.get("warc"),
            lambda: store.head("warc"),
        ):
            with pytest.raises(KeyMissing, match="`pressmark verify --repair` brings") as error:
                attempt()
            assert error.value.key.startswith("warc")

    def test_odd_keys_are_refused(self, store: Store) -> None:
        for key in ODD_KEYS:
            for attempt in (
                lambda key=key: store.put_new(key, b"x"),
                lambda key=key: store.get(key),
                lambda key=key: store.head(key),
                lambda key=key: store.read(key, 0, 1),
                lambda key=key: list(store.stream(key)),
            ):
                with pytest.raises(KeyInvalid):
                    attempt()
        assert list(store.list("")) == []

    def test_longest_key(self, store: Store) -> None:
        key = "/".join(["0123456789abcdefghi"] * 10)
        store.put_new(key, b"x")
        assert [o.key for o in store.list("")] == [key]

    def test_read_past_the_end_is_short(self, store: Store) -> None:
        store.put_new("k", b"abcdef")
        assert (store.read("k", 0, 2), store.read("k", 4, 9), store.read("k", 6, 1)) == (
            b"ab", b"ef", b"",
        )  # fmt: skip
        assert (store.read("k", 3, 0), store.read("k", 99, 5)) == (b"", b"")

    def test_negative_range_is_a_mistake(self, store: Store) -> None:
        store.put_new("k", b"abcdef")
        for offset, length in ((-1, 2), (0, -1)):
            with pytest.raises(ValueError, match="no bytes at"):
                store.read("k", offset, length)

    @shared
    @given(size=st.sampled_from([0, 1, 100]), at=st.integers(0, 110), length=st.integers(0, 110))
    def test_read_equals_slice(self, store: Store, size: int, at: int, length: int) -> None:
        data = noise(size)
        store.put_new(f"size-{size}", data)
        assert store.read(f"size-{size}", at, length) == data[at : at + length]

    def test_list_is_in_bytewise_order(self, store: Store) -> None:
        keys = ["a-b", "a.b", "a/b", "a/b-c", "a/b.c", "a/c/d", "a0", "ab", "b/a", "_/a", "-"]
        for key in keys:
            store.put_new(key, key.encode())
        listed = list(store.list(""))
        assert [o.key for o in listed] == sorted(keys)
        assert [o.size for o in listed] == [len(key) for key in sorted(keys)]
        for prefix in ("a", "a/", "a/b", "a/c", "a/c/", "a/c/d", "zz", "a/zz/"):
            expected = [key for key in sorted(keys) if key.startswith(prefix)]
            assert [o.key for o in store.list(prefix)] == expected
            for start in ("", "A", "a/", "a/b", "a/b-", "a/c/d", "ab", "zz"):
                rest = [key for key in expected if key > start]
                assert [o.key for o in store.list(prefix, start_after=start)] == rest

    def test_list_of_nothing(self, store: Store) -> None:
        assert list(store.list("")) == []
        assert list(store.list("warc/2026/")) == []

    def test_odd_prefixes_are_refused(self, store: Store) -> None:
        for prefix in ("/", "..", "../", "a//", "A", "a/.", "a b"):
            with pytest.raises(KeyInvalid):
                store.list(prefix)

    def test_list_goes_over_pages(self, store: Store) -> None:
        store.probe()
        keys = [f"text/2026/11/{n:02}" for n in range(25)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: store.put_new(key, b""), keys))
        assert [o.key for o in store.list("text/")] == keys
        assert [o.key for o in store.list("text/", start_after=keys[9])] == keys[10:]

    def test_threads_share_a_store(self, store: Store) -> None:
        store.put_new(KEY, noise(MIB))

        def read(number: int) -> bool:
            return store.read(KEY, number * 100, 100) == noise(MIB)[number * 100 :][:100]

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(read, range(64)))

    def test_check_passes(self, store: Store) -> None:
        store.check()

    def test_probe_leaves_nothing(self, store: Store) -> None:
        store.probe()
        assert list(store.list("")) == []
        store.put_new(KEY, b"first")
        with pytest.raises(KeyTaken):
            store.put_new(KEY, b"second")
