"""The URL that a request is about, as it stands in the request's own path.

Frameworks decode paths, which loses `%2F`, `%3F` and doubled slashes: a target is taken from the
bytes of the request line instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from starlette.types import Scope

from archive.errors import UrlError
from archive.urlkey import urlkey

# Proxies and browsers collapse the slashes, clients escape the colon, or all of it.
_SCHEME = re.compile(r"(https?)(:|%3A)(/|%2F){0,3}", re.IGNORECASE)
_ANY_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d+(?:[/?]|\Z))", re.IGNORECASE)
_STAMPED = re.compile(r"(\d{1,14})?(\*)?([a-z]{2}_)?/(.*)", re.DOTALL)
_LONGEST = 1 << 16

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
"""What need not be escaped in a URL that is within one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What stands behind `/web/`."""

    url: str  #: as it is to be looked up
    at: str | None = None  #: 1 to 14 digits; None: not given
    star: bool = False  #: `*` instead of a time, or behind its beginning: all versions
    modifier: str = ""  #: such as "id_"


def raw_target(scope: Scope, prefix: str) -> str:
    """What follows `prefix` in the request line, query and all, in printable ASCII."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    rest = path[len(prefix) :]
    if scope["query_string"]:
        rest += b"?" + scope["query_string"]
    # What no URL may hold came raw from the wire: its bytes are kept, escaped.
    return quote(rest, safe=PRINTABLE)


def repaired(text: str) -> str:
    """An http or https URL from what people and clients put into a path. Raises UrlError."""
    if len(text) > _LONGEST:
        raise UrlError(f"a URL of {len(text)} characters is too long: {_LONGEST} are allowed")
    match = _SCHEME.match(text)
    if match is None:
        if _ANY_SCHEME.match(text):
            raise UrlError(f"{text[:200]!r} is not an http or https URL")
        url = f"http://{text}"
    else:
        rest = text[match.end() :]
        if match[2] != ":" and "/" not in rest:
            rest = unquote(rest)  # all of it was escaped, as one component
            rest = quote(rest, safe=PRINTABLE)
        url = f"{match[1].lower()}://{rest}"
    urlkey(url)
    return url


def stamped_target(text: str) -> Target:
    """Time, modifier and URL of `20261122093000id_/http://...`; a bare URL has neither.

    Raises UrlError.
    """
    match = _STAMPED.match(text)
    if match is None or not (match[1] or match[2]):
        return Target(url=repaired(text))
    return Target(url=repaired(match[4]), at=match[1], star=bool(match[2]), modifier=match[3] or "")


def host_of(url: str) -> str:
    """The host in lower case; "": it is none, as in http://[example.org]/, which files of others
    may have."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
