from __future__ import annotations

import pytest

from archive.store.base import Store
from archive.store.memory import MemoryStore
from tests.archive.store.conformance import StoreConformance


class TestMemoryStore(StoreConformance):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()
