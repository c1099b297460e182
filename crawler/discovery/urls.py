"""References in pages, feeds and sheets made absolute: http and https only, without fragment."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

URL_LENGTH = 8192
"""Characters that a URL may have; servers refuse longer ones, pages with them are traps."""

_EDGES = "".join(map(chr, range(0x21)))  # C0 controls and space, as browsers strip them
_INSIDE = {ord(character): None for character in "\t\n\r"}
_BROKEN = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Base:
    """Resolves references against one URL (RFC 3986, 5.2), quickly in the forms that pages use."""

    __slots__ = ("_origin", "_scheme", "_url")

    def __init__(self, url: str) -> None:
        """`url` is absolute, http or https; anything else resolves absolute references only."""
        self._url = url
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        known = parts.scheme in ("http", "https") and parts.netloc
        self._scheme = f"{parts.scheme}:" if known else ""
        self._origin = f"{parts.scheme}://{parts.netloc}" if known else ""

    def resolve(self, reference: str) -> str | None:
        """The absolute URL; None for other schemes, broken URLs, and places in the page itself."""
        reference = reference.strip(_EDGES)
        if _BROKEN.search(reference):
            reference = reference.translate(_INSIDE)
        reference = reference.partition("#")[0]
        if not reference or len(reference) > URL_LENGTH:
            return None
        url = self._absolute(reference)
        if url is None or len(url) > URL_LENGTH or _CONTROL.search(url):
            return None
        return url if has_host(url) else None

    def _absolute(self, reference: str) -> str | None:
        if reference.startswith(("https://", "http://")):
            return reference
        if reference[0] == "/" and "/." not in reference:
            if reference[1:2] != "/":
                return self._origin + reference if self._origin else None
            return self._scheme + reference if self._scheme else None
        scheme = _SCHEME.match(reference)
        if scheme and scheme[0].lower() not in ("http:", "https:"):
            return None
        rest = reference[scheme.end() :] if scheme else reference
        try:
            url = urljoin(self._url, scheme[0].lower() + rest if scheme else rest)
        except ValueError:
            return None
        return url if url.startswith(("https://", "http://")) else None


_HOST = re.compile(r"https?://(?:[^/?#\s\[\]@]*@)?[^/?#\s\[\]@:]+(?::\d{0,5})?(?:[/?]|\Z)")


def has_host(url: str) -> bool:
    """Whether an http or https URL has a host that can be asked for."""
    if _HOST.match(url):
        return True
    if "[" not in url[:300]:
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError when it is no number
    except ValueError:
        return False
    return bool(parts.hostname)
