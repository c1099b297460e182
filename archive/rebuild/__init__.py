"""The index made again from the objects alone, while captures go on being written."""

from __future__ import annotations

from archive.rebuild.rebuilding import Advance, rebuild

__all__ = ["Advance", "rebuild"]
