"""Signed statements that a browser carries for us: sessions, and the right to read at the replay.

<purpose>.<token id>.<expiry>.<HMAC-SHA-256>     expiry in Unix seconds

A statement lends the authority of a token and names it by its id: once that is revoked it is worth
nothing. Where everybody may read none is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from base64 import urlsafe_b64encode
from typing import Literal

from archive.web.authority import Authority

Purpose = Literal["session", "ticket", "replay"]

SECONDS: dict[Purpose, int] = {
    # Of a browser that has logged in.
    "session": 7 * 86400,
    # In a URL, from the page that was asked for to the replay that shows it.
    "ticket": 60,
    # Of a browser at the replay origin: reading alone.
    "replay": 12 * 3600,
}
"""How long each is good for."""

ENTRANCE = "/grant/"
"""Path at the replay origin that takes a ticket: `/grant/<ticket>/<path>` sets the cookie and goes
on to `/<path>`. The ticket stands in the path, for the query is the archived page's."""

_FORM = re.compile(r"(session|ticket|replay)\.([a-z2-7]{1,40})\.([0-9]{1,12})\.([A-Za-z0-9_-]+)")


class Grants:
    """Signs and reads with one key, which all servers of a collection share."""

    def __init__(self, key: bytes) -> None:
        """`key`: at least 32 random bytes."""
        self._key = key

    def issue(self, purpose: Purpose, token_id: str) -> str:
        """A new statement, in characters that cookies and paths may hold."""
        body = f"{purpose}.{token_id}.{int(time.time()) + SECONDS[purpose]}"
        return f"{body}.{self._sign(body)}"

    def read(self, purpose: Purpose, text: str) -> str | None:
        """Id of the token whose authority a statement lends; None for one that is not ours, for
        something else, or over."""
        match = _FORM.fullmatch(text)
        if match is None or match[1] != purpose:
            return None
        body, _, signature = text.rpartition(".")
        if not hmac.compare_digest(signature, self._sign(body)) or int(match[3]) <= time.time():
            return None
        return match[2]

    def entrance(self, authority: Authority, path: str) -> str:
        """Path at the replay origin that leads to `path` there ("/view/2026.../http://...") with
        the right to read of `authority`, which has it. To be used within a minute.
        """
        if authority.token_id is None:
            return path
        return f"{ENTRANCE}{self.issue('ticket', authority.token_id)}{path}"

    def _sign(self, body: str) -> str:
        digest = hmac.new(self._key, body.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")
