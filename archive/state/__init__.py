"""What the objects cannot tell, in a database of its own: kept by backups, never rebuilt."""

from __future__ import annotations

from archive.state.database import State

__all__ = ["State"]
