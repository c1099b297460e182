"""Asking a store without waiting for it longer than one wants to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from archive.errors import StoreUnavailable

T = TypeVar("T")


def within(seconds: float, uri: str, ask: Callable[[], T]) -> T:
    """What `ask` returns or raises; StoreUnavailable when that takes longer than `seconds`.

    It then goes on in a thread that does not keep the process from ending.
    """
    answers: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="store-question", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise StoreUnavailable(f"{uri} has not answered in {seconds:g} s; try again later")
    return answers[0]
