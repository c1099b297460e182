"""What `status` says of the second store; the rest is shown by the acceptance tests."""

from __future__ import annotations

from pathlib import Path

from archive.state.mirroring import MirrorWaitingList
from config.schema import Configuration
from crawler.opening import open_collection
from crawler.overview import MirrorStatus
from crawler.status import status_of


def test_mirror_and_how_far_it_is(tmp_path: Path) -> None:
    configuration = Configuration(home=tmp_path / "data", mirror=str(tmp_path / "second"))
    uri = (tmp_path / "second").as_uri()
    assert status_of(configuration).mirror == MirrorStatus(
        uri=uri, begun=False, waiting=0, since=None
    )
    collection = open_collection(configuration)
    collection.ensure()
    collection.close()
    waiting = MirrorWaitingList(configuration.state_url, uri)
    waiting.add(["warc/a"])
    waiting.close()
    mirror = status_of(configuration).mirror
    assert mirror is not None
    assert (mirror.begun, mirror.waiting) == (True, 1)
    assert mirror.since is not None
    assert mirror.since < "9"


def test_mirror_that_was_emptied(tmp_path: Path) -> None:
    configuration = Configuration(home=tmp_path / "data", mirror=str(tmp_path / "second"))
    collection = open_collection(configuration)
    collection.ensure()
    collection.close()
    found = status_of(configuration).mirror
    assert (found and found.error) is None
    (tmp_path / "second/collection.json").unlink()
    found = status_of(configuration).mirror
    assert found is not None
    assert "is empty, although it was filled before" in str(found.error)


def test_no_mirror(tmp_path: Path) -> None:
    assert status_of(Configuration(home=tmp_path / "data")).to_json()["mirror"] is None
    assert not (tmp_path / "data/state.db").exists()
