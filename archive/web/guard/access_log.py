"""The access log: a line of JSON about each request, without secrets.

{"time": "2026-11-22T09:30:00.000000Z", "id": "k2v...-1f", "client": "192.0.2.7", "token": "reader",
 "method": "GET", "path": "/web/2026/http://example.org/?key=-", "route": "/web/{timestamp}/{url}",
 "status": 200, "bytes": 5120, "ms": 1.9}
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from archive.timestamps import to_warc_date
from archive.web.guard.masking import without_secrets

logger = logging.getLogger(__name__)

_EVERY = 0.2  # seconds
_WAITING = 50_000
"""Lines that wait for a slow disk or terminal; more are counted and left out."""

_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request that is over."""

    time: float  #: Unix seconds when it began
    id: str  #: as in the header X-Request-Id of the answer
    client: str | None  #: address
    token: str | None  #: name
    method: str
    path: str  #: with the query, as it came
    route: str
    status: int  #: 0: the client went away before an answer
    bytes: int  #: of the body that was sent
    ms: float


class AccessLog:
    """Writes in a thread, several lines at once. Never waited for by a request."""

    def __init__(self, target: str) -> None:
        """`target`: "stderr", or the path of a file, opened anew each time: it may be moved."""
        self._target = target
        self._lines: list[Line] = []
        self._dropped = 0
        self._planned = False
        self._failed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="access-log")
        self._writing: Future[None] | None = None

    def put(self, line: Line) -> None:
        """Note it."""
        if len(self._lines) >= _WAITING:
            self._dropped += 1
            return
        self._lines.append(line)
        self._plan()

    def shutdown(self, *, wait: bool) -> None:
        """Write what is left. `wait`: until that is done, and nothing is noted any more; with a
        disk that is stuck it never is."""
        self._hand_over()
        if wait:
            self._thread.shutdown(wait=True)

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            asyncio.get_running_loop().call_later(_EVERY, self._flush)

    def _flush(self) -> None:
        self._planned = False
        if self._writing is None or self._writing.done():
            self._hand_over()
        else:
            self._plan()  # what the thread has not begun would be bounded by nothing

    def _hand_over(self) -> None:
        lines, self._lines = self._lines, []
        dropped, self._dropped = self._dropped, 0
        if lines:
            self._writing = self._thread.submit(self._write, lines, dropped)

    def _write(self, lines: list[Line], dropped: int) -> None:
        text = "".join(map(_json, lines))
        if dropped:
            logger.warning("the access log lacks %d requests: it is written too slowly", dropped)
        try:
            if self._target == "stderr":
                sys.stderr.write(text)
                sys.stderr.flush()
            else:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                with os.fdopen(os.open(self._target, flags, 0o600), "a", encoding="utf-8") as file:
                    file.write(text)
            self._failed = False
        except (OSError, ValueError) as error:
            if not self._failed:
                logger.warning("cannot write the access log %s: %s", self._target, error)
            self._failed = True


def _json(line: Line) -> str:
    values = asdict(line)
    values["time"] = to_warc_date(datetime.fromtimestamp(line.time, UTC))
    values["path"] = without_secrets(line.path[:_LONGEST])
    return json.dumps(values) + "\n"
