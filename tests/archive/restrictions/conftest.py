"""What is withheld is tested on each database that can hold the index."""

from __future__ import annotations

from tests.archive.index.conftest import index_url

__all__ = ["index_url"]
