"""The same commands with a bucket: what the store refuses, and what happens while it is away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.command import Pressmark
from tests.servers.ceph import S3Server
from tests.servers.faultproxy import FaultProxy
from tests.servers.routes import html, site
from tests.validators import check_warcs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def in_bucket(pressmark: Pressmark, s3: S3Server, s3_bucket: str) -> Pressmark:
    """`pressmark` with its collection in a bucket, over http."""
    pressmark.store_in(s3, s3_bucket)
    return pressmark


@pytest.fixture
def page() -> Iterator[str]:
    """URL of a page."""
    _, server = site({"/": html("<p>Kept in a bucket.")})
    with server:
        yield f"{server.url}/"


def _objects(server: S3Server, bucket: str) -> dict[str, bytes]:
    listed = server.client.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        item["Key"]: server.client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        for item in listed
    }


def test_a_bucket_and_a_folder_hold_the_same(
    in_bucket: Pressmark, s3: S3Server, s3_bucket: str, page: str, tmp_path: Path
) -> None:
    line = in_bucket("archive", page, "--json").line
    assert (line["ok"], line["state"]) == (True, "stored")
    objects = _objects(s3, s3_bucket)
    assert sorted(key.split("/")[2] for key in objects) == [
        "cdxj",
        "collection.json",
        "manifests",
        "manifests",
        "text",
        "warc",
    ]
    for key, data in objects.items():
        copy = tmp_path / "copy" / key
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    assert check_warcs(tmp_path / "copy") == 1
    assert b"Kept in a bucket." in in_bucket("get", page).stdout
    assert in_bucket("verify", "--json").line["findings"] == []
    # The same objects, read as a folder, with the same index.
    in_bucket.environment["PRESSMARK_COLLECTION"] = str(tmp_path / "copy/news/main")
    assert b"Kept in a bucket." in in_bucket("get", page).stdout
    assert in_bucket("verify", "--json").line["findings"] == []


def test_over_tls(pressmark: Pressmark, s3_tls: S3Server, s3_tls_bucket: str, page: str) -> None:
    pressmark.store_in(s3_tls, s3_tls_bucket)
    assert pressmark("archive", page, "--json").line["state"] == "stored"
    assert b"Kept in a bucket." in pressmark("get", page).stdout
    checks = {line["check"]: line for line in pressmark("doctor", "--json").lines}
    assert checks["store"]["ok"]
    assert "refuses to overwrite" in checks["create-only"]["detail"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "access key"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "access key"),
        ({"PRESSMARK_COLLECTION": "s3://there-is-none/x"}, "there-is-none"),
    ],
    ids=["wrong secret", "unknown key", "missing bucket"],
)
def test_store_that_refuses_is_said_at_once(
    in_bucket: Pressmark, page: str, change: dict[str, str], words: str
) -> None:
    in_bucket.environment |= change
    result = in_bucket("archive", page, "--json")
    assert (result.status, result.stdout) == (3, b"")
    assert words in result.stderr.lower()
    assert "testsecretkey1234" not in result.stderr
    assert in_bucket("doctor").status == 3


def test_store_that_is_away_leaves_captures_spooled_and_the_next_command_uploads_them(
    in_bucket: Pressmark, s3: S3Server, s3_bucket: str, page: str
) -> None:
    in_bucket.configure("contact: a@example.org\nstore_wait: 1\n")
    there = in_bucket.environment["AWS_ENDPOINT_URL_S3"]
    in_bucket.environment["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9"
    result = in_bucket("archive", page, "--json")
    assert (result.status, result.line["ok"], result.line["state"]) == (3, False, "spooled")
    assert result.line["digest"]
    assert "spool" in result.stderr
    assert b"Kept in a bucket." in in_bucket("get", page).stdout
    assert _objects(s3, s3_bucket) == {}

    in_bucket.environment["AWS_ENDPOINT_URL_S3"] = there
    in_bucket.configure("contact: a@example.org\n")
    assert in_bucket("archive", page, "--json").status == 0
    assert len([key for key in _objects(s3, s3_bucket) if "/warc/" in key]) == 2
    assert in_bucket("verify", "--json").line["findings"] == []
    assert [path.name for path in (in_bucket.home / "spool").rglob("*")] == []


def test_one_snapshot_is_one_ranged_get(proxied: Pressmark, page: str, proxy: FaultProxy) -> None:
    line = proxied("archive", page, "--json").line
    proxy.forget()
    assert b"Kept in a bucket." in proxied("get", page).stdout
    (request,) = proxy.requests
    start = line["offset"] - proxied("list", page, "--json").line["request_length"]
    assert request.method == "GET"
    assert request.header("Range") == f"bytes={start}-{line['offset'] + line['length'] - 1}"


def test_flipped_byte_is_found(
    in_bucket: Pressmark, s3: S3Server, s3_bucket: str, page: str
) -> None:
    line = in_bucket("archive", page, "--json").line
    key = next(key for key in _objects(s3, s3_bucket) if key.endswith(line["filename"]))
    data = bytearray(_objects(s3, s3_bucket)[key])
    data[line["offset"] + line["length"] // 2] ^= 0x10
    s3.client.put_object(Bucket=s3_bucket, Key=key, Body=bytes(data))
    result = in_bucket("verify", "--json")
    assert result.status == 1
    assert result.line["bad"] >= 1
    assert any(line["filename"] in finding["name"] for finding in result.line["findings"])
    assert in_bucket("get", page).status == 1


def test_init_writes_a_configuration_that_works(pressmark: Pressmark, page: str) -> None:
    assert pressmark("init").status == 2  # there is one already
    (pressmark.folder / "pressmark.yaml").unlink()
    assert pressmark("init").status == 2  # no contact, and nobody to ask
    assert pressmark("init", "--contact", "https://example.org/about").status == 0
    assert json.loads(pressmark("archive", page, "--json").stdout)["ok"]


def test_a_mirror_holds_the_same(
    in_bucket: Pressmark, s3: S3Server, s3_bucket: str, page: str, tmp_path: Path
) -> None:
    """A bucket, mirrored in a folder; the second run finds the folder away, the third one back."""
    mirror = tmp_path / "second"
    configuration = in_bucket.folder / "pressmark.yaml"
    configuration.write_text(f"{configuration.read_text()}mirror: {mirror}\n")

    def copied() -> dict[str, bytes]:
        files = (path for path in mirror.rglob("*") if path.is_file())
        return {f"news/main/{path.relative_to(mirror)}": path.read_bytes() for path in files}

    assert in_bucket("archive", page, "--json").line["state"] == "stored"
    assert copied() == _objects(s3, s3_bucket)
    mirror.rename(tmp_path / "unplugged")
    mirror.touch()
    assert in_bucket("archive", page, "--json").line["state"] == "stored"
    mirror.unlink()
    (tmp_path / "unplugged").rename(mirror)
    assert in_bucket("archive", page, "--json").line["state"] == "stored"
    assert copied() == _objects(s3, s3_bucket)
