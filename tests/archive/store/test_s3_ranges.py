"""Small ranges by signed addresses: used again, signed anew, and what is done where one fails."""

from __future__ import annotations

import logging
import time

import pytest

from archive.errors import KeyMissing
from archive.store import s3_ranges
from archive.store.s3 import S3Store
from tests.archive.store.conformance import KEY, noise
from tests.servers.faultproxy import Answer, FaultProxy, ResetAfter
from tests.waiting import until

_DATA = noise(1000)


@pytest.fixture
def filled(store: S3Store, proxy: FaultProxy) -> S3Store:
    """Holds _DATA under KEY; the proxy has forgotten how it came there."""
    store.put_new(KEY, _DATA)
    proxy.forget()
    return store


def _signed(proxy: FaultProxy) -> list[str]:
    """The signed addresses that were asked for."""
    return [r.target for r in proxy.requests if "X-Amz-Signature=" in r.target]


def test_one_signature_serves_all_ranges_of_an_object(filled: S3Store, proxy: FaultProxy) -> None:
    assert [filled.read(KEY, at, 7) for at in (0, 500)] == [_DATA[:7], _DATA[500:507]]
    first, second = _signed(proxy)
    assert first == second
    assert not any(request.header("Authorization") for request in proxy.requests)


def test_signed_anew_after_its_time(
    filled: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_ranges, "_USED", 0.0)
    filled.read(KEY, 0, 7)
    began = int(time.time())
    until(lambda: int(time.time()) > began)  # a signature tells whole seconds
    filled.read(KEY, 0, 7)
    first, second = _signed(proxy)
    assert first != second
    assert len(proxy.requests) == 2


def test_an_address_that_expired_is_not_used_again(
    filled: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a machine slept: the server refuses it, and the range is asked for with a header."""
    monkeypatch.setattr(s3_ranges, "_VALID", 1)
    filled.read(KEY, 0, 7)
    time.sleep(2.1)
    proxy.forget()
    assert filled.read(KEY, 500, 7) == _DATA[500:507]
    refused, usual = proxy.requests
    assert "X-Amz-Signature=" in refused.target
    assert usual.header("Authorization")
    proxy.forget()
    assert filled.read(KEY, 500, 7) == _DATA[500:507]
    assert _signed(proxy) != [refused.target]
    assert len(proxy.requests) == 1


@pytest.mark.parametrize(
    "fault", [Answer(500), Answer(403), ResetAfter()], ids=["500", "403", "reset"]
)
def test_what_fails_is_asked_for_in_the_usual_way(
    filled: S3Store, proxy: FaultProxy, fault: Answer | ResetAfter
) -> None:
    proxy.fault(fault, target="X-Amz-Signature=")
    assert filled.read(KEY, 500, 7) == _DATA[500:507]
    assert len(proxy.requests) == 2


def test_a_missing_object_is_an_error_of_ours(store: S3Store, proxy: FaultProxy) -> None:
    proxy.forget()
    with pytest.raises(KeyMissing):
        store.read(KEY, 0, 7)
    assert len(_signed(proxy)) == 1


def test_remembered_addresses_are_bounded(
    filled: S3Store, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_ranges, "_REMEMBERED", 2)
    for name in ("a", "b", "c"):
        filled.put_new(f"warc/{name}", _DATA)
        assert filled.read(f"warc/{name}", 1, 3) == _DATA[1:4]
    assert len(filled._ranges._signed) == 1


def test_no_signature_is_logged(filled: S3Store, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in addresses nor in headers, at any level that a project may set."""
    caplog.set_level(logging.DEBUG)
    filled.read(KEY, 0, 7)
    filled.get(KEY)
    assert "Signature" not in caplog.text
    assert "Authorization" not in caplog.text
