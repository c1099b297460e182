"""What stores were seen to do, remembered between processes."""

from __future__ import annotations

import logging
from dataclasses import asdict

from sqlalchemy import select

from archive.errors import StateFailure
from archive.state.database import State
from archive.state.schema import store_capabilities
from archive.store.base import Capabilities
from archive.timestamps import now, to_timestamp

logger = logging.getLogger(__name__)


class RememberedCapabilities:
    """CapabilityMemory in the state database, which is open only while it is asked.

    Where the state cannot be used the store is tried again, with a warning: no upload waits for it.
    """

    def __init__(self, url: str) -> None:
        """`url` of the state database, as `State` takes it."""
        self._url = url
        self._failed = False  # and that was said

    def recall(self, endpoint: str, bucket: str) -> Capabilities | None:
        """See CapabilityMemory."""
        table = store_capabilities
        statement = select(table).where(table.c.endpoint == endpoint, table.c.bucket == bucket)
        try:
            state = State(self._url)
            try:
                with state.reading() as connection:
                    row = connection.execute(statement).mappings().one_or_none()
            finally:
                state.close()
        except StateFailure as error:
            if not self._failed:
                logger.warning("what %s can do is not remembered: %s", endpoint, error)
            self._failed = True
            return None
        fields = Capabilities.__dataclass_fields__
        return None if row is None else Capabilities(**{name: row[name] for name in fields})

    def remember(self, endpoint: str, bucket: str, seen: Capabilities) -> None:
        """See CapabilityMemory."""
        row = {"endpoint": endpoint, "bucket": bucket, "probed": to_timestamp(now())}
        try:
            state = State(self._url)
            try:
                with state.writing() as connection:
                    # Of several processes that tried the store at once the last one is right.
                    state.upsert(connection, store_capabilities, [row | asdict(seen)])
            finally:
                state.close()
        except StateFailure as error:
            if not self._failed:
                logger.warning("what %s can do will not be remembered: %s", endpoint, error)
