"""What stores were seen to do, remembered between processes for some days."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import select

from archive.errors import StateFailure
from archive.state.database import State
from archive.state.schema import store_capabilities
from archive.store.base import Capabilities
from archive.timestamps import now, to_timestamp

TRUSTED = timedelta(days=7)
"""How long an answer counts: services are upgraded, downgraded, and put behind others."""

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
        """See CapabilityMemory. An answer that is older than TRUSTED is none."""
        table, time = store_capabilities, now()
        # What is later than now comes from a clock that was wrong, and would count for ever.
        trusted = table.c.probed.between(to_timestamp(time - TRUSTED), to_timestamp(time))
        statement = select(table).where(
            table.c.endpoint == endpoint, table.c.bucket == bucket, trusted
        )
        try:
            with closing(State(self._url)) as state, state.reading() as connection:
                row = connection.execute(statement).mappings().one_or_none()
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
            with closing(State(self._url)) as state, state.writing() as connection:
                # Of several processes that tried the store at once the last one is right.
                state.upsert(connection, store_capabilities, [row | asdict(seen)])
        except StateFailure as error:
            if not self._failed:
                logger.warning("what %s can do will not be remembered: %s", endpoint, error)
