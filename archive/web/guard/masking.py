"""URLs without what may be a secret in them, for logs and for readers.

Each step is linear in the length: what is masked comes from anybody.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_OURS = re.compile(r"(pressmark_)[A-Za-z0-9]+|(\A/grant/)[^/]+")

_WORDS = (
    *("token", "secret", "passw", "pwd", "key", "sig", "auth", "session", "sid", "code"),
    *("grant", "credential", "jwt"),
)
"""A parameter with one of them in its name may be a secret."""

# Also where the URL is a parameter of another one, and escaped as often as it is one.
_SEPARATOR = re.compile(r"([?&;#]|%(?:25)*(?:3F|26|3B|23))", re.IGNORECASE)
_EQUALS = re.compile(r"=|%(?:25)*3D", re.IGNORECASE)
_END = re.compile(r"([/?&#=])")
_ESCAPED_END = re.compile(r"(%(?:25)*(?:2F|3F|26|23|3D))", re.IGNORECASE)
_COLON = re.compile(r":|%(?:25)*3A", re.IGNORECASE)
_ESCAPED_AT = re.compile(r"%(?:25)*40")

_ESCAPES = 3
"""How often a name is unescaped."""


def without_secrets(path: str) -> str:
    """Path and query of a request with a dash for each parameter that may be a secret, for users
    with passwords, and for what we give out ourselves."""
    shown = _OURS.sub(r"\1\2-", path)
    return without_secret_values("".join(map(_without_users, _END.split(shown))))


def without_secret_values(url: str) -> str:
    """A URL with a dash for the value of each parameter that may be a secret."""
    parts = _SEPARATOR.split(url)
    out, hidden, in_query = [parts[0]], False, False
    for separator, part in zip(parts[1::2], parts[2::2], strict=True):
        if hidden and in_query and separator == "?":
            continue  # within a value it separates nothing
        in_query = in_query or separator == "?"
        equals = _EQUALS.search(part)
        hidden = equals is not None and _is_secret(part[: equals.start()])
        out += (separator, f"{part[: equals.end()]}-" if equals and hidden else part)
    return "".join(out)


def _is_secret(name: str) -> bool:
    for _ in range(_ESCAPES):
        if "%" not in name:
            break
        name = unquote(name)
    name = name.lower()
    return any(word in name for word in _WORDS)


def _without_users(part: str) -> str:
    """`user:password@` of what stands between two delimiters."""
    user, at, host = part.rpartition("@")
    if at:
        return f"-@{host}" if _COLON.search(user) else part
    if "%" not in part:
        return part
    return "".join(map(_without_escaped_user, _ESCAPED_END.split(part)))


def _without_escaped_user(part: str) -> str:
    for at in reversed(list(_ESCAPED_AT.finditer(part))):
        return f"-{part[at.start() :]}" if _COLON.search(part, 0, at.start()) else part
    return part
