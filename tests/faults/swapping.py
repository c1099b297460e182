"""Functions of this process replaced by name, for the length of its life."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def swap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a function by what `make` makes of it. Raises AttributeError where there is none."""
    setattr(owner, name, make(getattr(owner, name)))
