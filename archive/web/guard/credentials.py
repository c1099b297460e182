"""What a request shows of itself: an Authorization header, or a cookie."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass

from archive.tokens import PREFIX

SESSION_COOKIE = "pressmark_session"
SECURE_SESSION_COOKIE = "__Host-pressmark_session"
"""Over https: browsers take it only with Secure and without Domain (RFC 6265bis, 4.1.3.2)."""

REPLAY_COOKIE = "pressmark_replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an Authorization header says."""

    secret: str | None  #: a token; None: none of ours
    #: browsers send it by themselves once it was typed in, to whoever makes them ask
    ambient: bool = False


def of_header(value: bytes) -> Credentials:
    """`Bearer <token>` (RFC 6750, 2.1), `LOW <key>:<secret>` as clients of Save Page Now send it,
    `Basic` (RFC 7617) with the token as the password, for clients that only know URLs."""
    scheme, _, rest = value.decode("latin-1").strip().partition(" ")
    kind, rest = scheme.lower(), rest.strip()
    if kind == "bearer":
        return Credentials(secret=rest)
    if kind == "low":
        return Credentials(secret=_one_of(rest.split(":")))
    if kind == "basic":
        try:
            decoded = b64decode(rest, validate=True).decode("latin-1")
        except (Base64Error, ValueError):
            return Credentials(secret=None)
        return Credentials(secret=_one_of(decoded.split(":")), ambient=True)
    return Credentials(secret=None)


def cookie(value: bytes, name: str) -> str | None:
    """The value of one cookie of a Cookie header; None: it is not there."""
    # Cookies ignore ports: what other servers of this host have set may be anything.
    for part in value.decode("latin-1").split(";"):
        found, _, content = part.strip().partition("=")
        if found == name:
            return content
    return None


def _one_of(parts: list[str]) -> str | None:
    return next((part.strip() for part in parts if part.strip().startswith(PREFIX)), None)
