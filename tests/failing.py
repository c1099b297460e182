"""What is put in the place of a function that has to fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn


def raising(error: Exception) -> Callable[..., NoReturn]:
    """A function that raises this, whatever it is called with."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail
