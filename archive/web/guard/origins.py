"""Which names the server answers to (DNS rebinding), and which sites may make it act (CSRF)."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]/@?#\s]+)(?::(\d{1,5}))?")


class Hosts:
    """The names of this server.

    Rebinding needs a name: one that an attacker owns and points here. Addresses are none, so they
    are answered to wherever the server can be reached from other machines.
    """

    def __init__(self, *, local: bool, names: tuple[str, ...], public_url: str | None) -> None:
        """`local`: of addresses only loopback's. `names`: exact, "*.example.org", or "*"."""
        self._local = local
        public = urlsplit(public_url).hostname if public_url else None
        self._names = frozenset(filter(None, (*names, public)))
        self._endings = tuple(name[1:] for name in names if name.startswith("*."))
        self.known = lru_cache(1024)(self._known)

    def _known(self, header: str) -> bool:
        """Whether a Host header (RFC 9110, 7.2) names this server."""
        if "*" in self._names:
            return True
        match = _HOST.fullmatch(header)
        if match is None:
            return False
        name = match[1].lower().removesuffix(".")
        if name in self._names or name.endswith(self._endings or ("\0",)):
            return True
        if is_loopback_name(name):
            return True
        if _address(name) is not None:
            return not self._local
        # The origin of archived pages is ours as the name before which it stands.
        return name.startswith("replay.") and self._known(name.removeprefix("replay."))


def is_loopback_name(name: str) -> bool:
    """Whether a name or address, without a port, always means the machine that asks (RFC 6761,
    6.3)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None


def is_from_elsewhere(
    *, fetch_site: bytes | None, origin: bytes | None, own: tuple[str, ...]
) -> bool:
    """Whether another site made a browser send this.

    `fetch_site`: Sec-Fetch-Site (W3C Fetch Metadata), which pages cannot forge. Without it,
    `origin` (RFC 6454, 7) is compared with `own`. Clients that are no browsers send neither.
    """
    if fetch_site is not None:
        return fetch_site not in (b"same-origin", b"none")
    return origin is not None and origin.decode("latin-1").lower() not in own
