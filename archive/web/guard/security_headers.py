"""Headers that every answer of our own has; archived content keeps those that it is sent with, and
is taken for nothing else either."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archive.web.guard.paths import path_of

POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy of what is no page. Pages have archive.web.pages.rendering.POLICY."""

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    # What an answer tells may be withheld since.
    (b"cache-control", b"no-cache"),
)
_OWN = (
    *_ALWAYS,
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_POLICY = (b"content-security-policy", POLICY.encode())


class SecurityHeaders:
    """Pure ASGI: adds what the answer does not say itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3.0."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        archived = path_of(scope["path"]).archived
        wanted = _ALWAYS if archived else _OWN

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = dict(message["headers"])
                missing = [(name, value) for name, value in wanted if name not in given]
                # The policy of a script is that of a worker which it may be made into.
                script = given.get(b"content-type", b"").startswith(b"text/javascript")
                if _POLICY[0] not in given and not script and not archived:
                    missing.append(_POLICY)
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self._app(scope, receive, add)
