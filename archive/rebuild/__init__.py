"""The index made again from the objects alone, while captures go on being written."""

from __future__ import annotations

from archive.rebuild.rebuilding import rebuild

__all__ = ["rebuild"]
