"""How often one client may save and search: a bucket of tokens for each (RFC 6585, 4)."""

from __future__ import annotations

import math
import time
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.web.guard.paths import counted, path_of
from archive.web.refusals import Refusal, refuse
from archive.web.site import WebSettings

_REMEMBERED = 10_000
_NETWORK = 64  # bits of an IPv6 address that one client has to itself


class Buckets:
    """Each client has `per_minute` at once, and gets them back evenly."""

    def __init__(self, per_minute: int) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._levels: dict[str, tuple[float, float]] = {}  # what was there, and when

    def take(self, client: str, at: float) -> float:
        """Seconds to wait; 0: one was taken. `at`: seconds of a clock that never goes back."""
        level, before = self._levels.pop(client, (self._size, at))
        level = min(self._size, level + (at - before) * self._per_second)
        wait = 0.0 if level >= 1 else (1 - level) / self._per_second
        # The last one asked stands at the end: the first are those that were longest silent.
        self._levels[client] = (level - 1 if not wait else level, at)
        if len(self._levels) > _REMEMBERED:
            del self._levels[next(iter(self._levels))]
        return wait


class Rates:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        chosen = {"save": settings.save_rate, "search": settings.search_rate}
        self._buckets = {name: Buckets(rate) for name, rate in chosen.items() if rate}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0."""
        if scope["type"] == "http" and self._buckets:
            rate = counted(path_of(scope["path"]), scope["method"], scope["query_string"])
            buckets = self._buckets.get(rate) if rate else None
            if buckets is not None:
                wait = buckets.take(_client(scope), time.monotonic())
                if wait:
                    seconds = math.ceil(wait)
                    detail = f"too many requests: try again in {seconds} s"
                    answer = refuse(
                        Request(scope),
                        Refusal(status=429, detail=detail),
                        {"Retry-After": str(seconds)},
                    )
                    await answer(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _client(scope: Scope) -> str:
    """The token, else the address; of IPv6 the network, for a client has 2**64 addresses."""
    token_id: str | None = scope["authority"].token_id
    if token_id is not None:
        return token_id
    host = (scope.get("client") or ("",))[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return str(host)
    if isinstance(address, IPv6Address):
        return str(int(address) >> _NETWORK)
    return str(address)
