"""How far long work is, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

Advance = Callable[[int, int | None], None]
"""Told how many are done, and of how many (None: not known)."""


def unseen(_done: int, _total: int | None) -> None:
    """An Advance for work that nobody looks at."""
