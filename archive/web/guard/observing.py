"""What is measured and noted of each request, and the end of errors that nobody expected."""

from __future__ import annotations

import logging
import secrets
import time

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.errors import ArchiveError
from archive.web.authority import authority_of
from archive.web.guard.access_log import AccessLog, Line
from archive.web.guard.metrics import Metrics
from archive.web.guard.paths import path_of
from archive.web.refusals import Refusal, refuse

logger = logging.getLogger(__name__)


class Observing:
    """Pure ASGI, around all others."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: AccessLog | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._prefix = secrets.token_hex(4)
        self._number = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._number += 1
        request_id = f"{self._prefix}-{self._number:x}"
        status = size = 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                ]
            elif scope["method"] != "HEAD":  # which the server sends no body for
                size += len(message.get("body", b""))
            await send(message)

        began, clock = time.time(), time.perf_counter()
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, counted)
        except ClientDisconnect:
            pass  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001 - clients never see a traceback
            await self._unexpected(scope, receive, counted, error, request_id, begun=bool(status))
        finally:
            seconds = time.perf_counter() - clock
            route = path_of(scope["path"]).route
            self._metrics.in_flight.dec()
            self._metrics.answered(route, status, seconds, size)
            if self._log is not None:
                self._log.put(_line(scope, request_id, began, status, size, seconds, route))

    async def _unexpected(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        error: Exception,
        request_id: str,
        *,
        begun: bool,
    ) -> None:
        route = path_of(scope["path"]).route
        # So Starlette tells of an error that it would have answered.
        if begun and isinstance(error.__cause__, ArchiveError):
            logger.error("request %s to %s broke off: %s", request_id, route, error.__cause__)
            return
        logger.error(
            "request %s to %s failed by an unexpected %s: %s; this is a defect of Pressmark: run "
            "`pressmark --debug serve` and report what it prints",
            request_id,
            route,
            type(error).__name__,
            error,
            exc_info=error,
        )
        if begun:
            return  # what was begun cannot be taken back; uvicorn closes what is not whole
        detail = f"this is a defect of the server, which has noted it as {request_id}"
        await refuse(Request(scope), Refusal(status=500, detail=detail))(scope, receive, send)


def _line(
    scope: Scope,
    request_id: str,
    began: float,
    status: int,
    size: int,
    seconds: float,
    route: str,
) -> Line:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    client = scope.get("client")
    return Line(
        time=began,
        id=request_id,
        client=client[0] if client else None,
        token=authority_of(scope).token,
        method=scope["method"],
        path=(raw + query).decode("latin-1"),
        route=route,
        status=status,
        bytes=size,
        ms=round(seconds * 1000, 3),
    )
