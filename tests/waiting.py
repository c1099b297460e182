"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")


def until(what: Callable[[], _Found], seconds: float = 60, *, pause: float = 0.05) -> _Found:
    """What `what` returns as soon as that is true. Raises AssertionError when time is over."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"it did not come about in {seconds} s"
        time.sleep(pause)
    return found
