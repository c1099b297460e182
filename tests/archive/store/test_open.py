from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import BucketMissing
from archive.store.local import LocalStore
from archive.store.memory import MemoryStore
from archive.store.open import open_store
from archive.store.s3 import S3Store
from archive.store.s3_options import S3Options


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for uri in ("my data", "./my data/", f"{tmp_path}/my data", f"file://{tmp_path}/my%20data"):
        store = open_store(uri)
        assert isinstance(store, LocalStore)
        assert store.folder == tmp_path / "my data"
        assert open_store(store.uri).uri == store.uri


def test_memory() -> None:
    store = open_store("memory:")
    assert isinstance(store, MemoryStore)
    store.put_new("a", b"x")
    assert list(open_store("memory:").list("")) == []


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://press", "s3://press"),
        ("s3://press/", "s3://press"),
        ("s3://press/Main/b/", "s3://press/Main/b"),
    ],
)
def test_buckets(uri: str, shown: str) -> None:
    store = open_store(uri, S3Options(endpoint_url="http://127.0.0.1:1", region="eu-central-1"))
    assert isinstance(store, S3Store)
    assert store.uri == shown
    store.close()


@pytest.mark.parametrize(
    "uri",
    ["", "s3:", "s3://", "s3:///a", "s3://b//a", "s3://b/../a", "gs://b/a", "file://host/a",
     "file:a", "https://example.org/a"],
)  # fmt: skip
def test_anything_else_is_refused(uri: str) -> None:
    with pytest.raises(BucketMissing, match="no place for a collection"):
        open_store(uri)
