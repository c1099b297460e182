"""Which addresses a store may have, and which two are in each other's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.load import load
from config.places import check_location, overlap
from config.schema import Configuration

_NO_ENVIRONMENT: dict[str, str] = {}


@pytest.mark.parametrize(
    "address", ["a", "./a:b", "/a:b", "file:///a", "s3://bucket", "s3://bucket/a/b"]
)
def test_places(address: str) -> None:
    assert check_location(address) == address


@pytest.mark.parametrize(
    "address",
    ["", " ", "s3:/a", "s3:a", "s3:///a", "S3://b/a", "file:/a", "file://a", "gs://b", "C:\\a",
     "memory:"],
)  # fmt: skip
def test_no_places(address: str) -> None:
    with pytest.raises(ValueError, match="is not a place for a collection"):
        check_location(address)


def _load(folder: Path, text: str) -> Configuration:
    file = folder / "pressmark.yaml"
    file.write_text(text)
    return load(file, _NO_ENVIRONMENT)


@pytest.mark.parametrize("key", ["collection", "mirror"])
@pytest.mark.parametrize("address", ["s3:/foo", "file:foo", "gs:foo"])
def test_wrong_address_is_no_folder_beside_the_file(tmp_path: Path, key: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match=f"1:.*'{address}' is not a place"):
        _load(tmp_path, f"{key}: {address}\n")


def test_folder_with_a_colon(tmp_path: Path) -> None:
    assert _load(tmp_path, "collection: ./s3:foo\n").collection == str(tmp_path / "s3:foo")


@pytest.mark.parametrize("key", ["collection", "mirror", "database", "contact", "proxy"])
def test_key_without_a_value_is_no_default(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"1:1: {key} has no value; allowed: "):
        _load(tmp_path, f"{key}:\n")


def test_keys_without_a_value_further_in_are_named_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, "s3:\n  region:\n  addressing_style:\ndefaults: {schedule: }\n")
    assert [problem.what.partition(";")[0] for problem in caught.value.problems] == [
        "region has no value",
        "addressing_style has no value",
    ]


_TOGETHER = [
    ("/a", "/a/"), ("/a", "/a/b"), ("/a", "/x/../a"), ("/a", "file:///a/b"), ("/a b", "file:///a%20b"),
    ("s3://a", "s3://a/"), ("s3://a", "s3://a/b"), ("s3://a/b", "s3://a/b/c/"), ("/", "/a"),
]  # fmt: skip
_APART = [("/a", "/ab"), ("/a/b", "/a/c"), ("s3://a/b", "s3://a/bc"), ("s3://a", "s3://ab"),
          ("/a", "s3://a")]  # fmt: skip


def test_overlap() -> None:
    for one, other in _TOGETHER:
        assert overlap(one, other), (one, other)
        assert overlap(other, one), (one, other)
    for one, other in _APART:
        assert not overlap(one, other), (one, other)
        assert not overlap(other, one), (one, other)


@pytest.mark.parametrize(
    ("collection", "mirror"),
    [(None, "data/collection"), (None, "data"), ("kept", "kept/second"), ("s3://b/a", "s3://b")],
)
def test_mirror_that_is_the_collection(tmp_path: Path, collection: str | None, mirror: str) -> None:
    place = f"collection: {collection}\n" if collection else ""
    with pytest.raises(ConfigurationError, match=rf":{2 if place else 1}:9: the mirror ") as caught:
        _load(tmp_path, f"{place}mirror: {mirror}\n")
    assert mirror in str(caught.value)
    assert (collection or "data/collection") in str(caught.value)
