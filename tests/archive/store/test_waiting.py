"""A question to a store has an end, whatever the store does."""

from __future__ import annotations

import threading

import pytest

from archive.errors import AccessDenied, StoreUnavailable
from archive.store.waiting import within


def test_answer_and_error_come_through() -> None:
    assert within(10, "memory:", lambda: 7) == 7

    def refuse() -> None:
        raise AccessDenied("no permission")

    with pytest.raises(AccessDenied, match="no permission"):
        within(10, "memory:", refuse)


def test_silence_is_as_good_as_away() -> None:
    go_on = threading.Event()
    with pytest.raises(StoreUnavailable, match=r"memory: has not answered in 0\.01 s"):
        within(0.01, "memory:", go_on.wait)
    go_on.set()
