"""What `pressmark doctor` says of a store: that it is poor, and whether it protects."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive.state import State
from archive.state.mirroring import MirrorWaitingList
from archive.state.schema import store_capabilities
from config.load import load
from crawler.opening import open_collection
from tests.crawler.cli.command import Command
from tests.servers.ceph import KMS_KEY, S3Server

LOCK = "s3: {object_lock: {mode: governance, days: 1}}\n"
ENCRYPTED = f"s3: {{encryption: {{algorithm: 'aws:kms', key: {KMS_KEY}}}}}\n"


def diagnose(
    command: Command, monkeypatch: pytest.MonkeyPatch, server: S3Server, bucket: str, keys: str = ""
) -> tuple[int, dict[str, Any]]:
    """Status, and each check by its name."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    Path("pressmark.yaml").write_text(
        f"contact: a@example.org\ncollection: s3://{bucket}/main\n{keys}"
    )
    status, out, _ = command("doctor", "--json")
    checks = {line["check"]: line for line in map(json.loads, out.splitlines())}
    return status, checks


def test_good_store(
    command: Command, monkeypatch: pytest.MonkeyPatch, s3: S3Server, s3_bucket: str
) -> None:
    status, checks = diagnose(command, monkeypatch, s3, s3_bucket)
    assert (status, [name for name, check in checks.items() if not check["ok"]]) == (0, [])
    assert "degraded" not in json.dumps(checks)
    assert checks["create-only"]["detail"] == "the store refuses to overwrite"
    assert "revision" in checks["state"]["detail"]
    assert not {"object lock", "encryption"} & checks.keys()


def test_poor_store_is_usable_and_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, rclone: S3Server, rclone_bucket: str
) -> None:
    status, checks = diagnose(command, monkeypatch, rclone, rclone_bucket)
    assert status == 0
    assert checks["create-only"]["detail"].startswith("degraded: the store overwrites")
    assert not checks["ranged reads"]["detail"].startswith("degraded")


@pytest.mark.parametrize(("keys", "name"), [(LOCK, "object lock"), (ENCRYPTED, "encryption")])
def test_store_that_protects(
    command: Command, monkeypatch: pytest.MonkeyPatch, s3: S3Server, keys: str, name: str
) -> None:
    bucket = s3.make_bucket(object_lock=True)
    status, checks = diagnose(command, monkeypatch, s3, bucket, keys)
    assert (status, checks[name]["ok"], checks[name]["remedy"]) == (0, True, "")


@pytest.mark.parametrize(("keys", "name"), [(LOCK, "object lock"), (ENCRYPTED, "encryption")])
def test_store_that_says_it_protects(
    command: Command, monkeypatch: pytest.MonkeyPatch, rclone: S3Server, rclone_bucket: str,
    keys: str, name: str,
) -> None:  # fmt: skip
    status, checks = diagnose(command, monkeypatch, rclone, rclone_bucket, keys)
    assert (status, checks[name]["ok"]) == (1, False)
    assert "take `s3." in checks[name]["remedy"]


def test_bucket_without_object_lock(
    command: Command, monkeypatch: pytest.MonkeyPatch, s3: S3Server, s3_bucket: str
) -> None:
    status, checks = diagnose(command, monkeypatch, s3, s3_bucket, LOCK)
    assert (status, checks["object lock"]["ok"]) == (1, False)
    assert "created with Object Lock" in checks["object lock"]["remedy"]


def test_mirror_and_how_far_it_is(
    command: Command, monkeypatch: pytest.MonkeyPatch, s3: S3Server, s3_bucket: str
) -> None:
    def said() -> Any:
        return diagnose(command, monkeypatch, s3, s3_bucket, "mirror: second\n")[1]["mirror"]

    assert said()["detail"].endswith("the next capture begins to fill it")
    collection = open_collection(load())
    collection.ensure()
    collection.close()
    assert (said()["ok"], said()["detail"].endswith("has everything")) == (True, True)
    collection = open_collection(load())
    waiting = MirrorWaitingList(
        load().state_url, collection.mirror.uri if collection.mirror else ""
    )
    waiting.add(["warc/a", "warc/b"])
    waiting.close()
    collection.close()
    assert re.search(
        r"2 objects wait for it since 20\d\d-\d\d-\d\d \d\d:\d\d UTC$", said()["detail"]
    )
    Path("second/collection.json").unlink()
    for name in ("doctor", "status"):
        status, out, _ = command(name)
        assert b"is empty, although it was filled before, and nothing is copied there" in out
        assert status == (3 if name == "doctor" else 0)
    assert not said()["ok"]
    status, _, err = command("verify", "--repair")
    assert (status, list(Path("second").iterdir())) == (3, [])
    assert "is empty, although it was filled before" in err


def test_mirror_is_tried_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, rclone: S3Server, rclone_bucket: str
) -> None:
    keys = f"mirror: s3://{rclone.make_bucket()}/main\n{LOCK}"
    status, checks = diagnose(command, monkeypatch, rclone, rclone_bucket, keys)
    assert checks["mirror: create-only"]["detail"].startswith("degraded: the store overwrites")
    assert (status, checks["mirror: object lock"]["ok"]) == (1, False)
    with closing(State(load().state_url)) as state, state.reading() as connection:
        assert len(connection.execute(select(store_capabilities)).all()) == 2


def test_mirror_that_does_not_answer(
    command: Command, monkeypatch: pytest.MonkeyPatch, s3: S3Server, s3_bucket: str
) -> None:
    keys = "mirror: s3://press-no-such-bucket/main\n"
    status, checks = diagnose(command, monkeypatch, s3, s3_bucket, keys)
    assert (status, checks["mirror"]["ok"], checks["store"]["ok"]) == (3, False, True)
    assert "create the bucket" in checks["mirror"]["detail"]
