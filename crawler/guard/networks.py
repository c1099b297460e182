"""Which addresses may be connected to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from archive.errors import AddressRefused

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has given out for IPv6 unicast

# What `is_global` lets through, or lets through in some releases of Python only.
_REFUSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; some clouds serve metadata there
        "168.63.129.16/32",  # a cloud's service to its own machines
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # protocol assignments; Teredo, which embeds an IPv4 address, is one
        "2002::/16",  # 6to4, which embeds an IPv4 address
        "3fff::/20",  # documentation
    )
)


@dataclass(frozen=True, slots=True)
class Networks:
    """The public Internet, and the networks in `allow` beside it.

    An IPv4-mapped IPv6 address counts as the IPv4 address in it. Other forms that embed one (NAT64,
    6to4, Teredo, IPv4-compatible) are not public.
    """

    allow: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, allow: Iterable[str]) -> Networks:
        """From networks in CIDR notation. Raises ValueError, also when host bits are set."""
        return cls(tuple(ip_network(text.strip()) for text in allow if text.strip()))

    def permits(self, address: str) -> bool:
        """Whether an address in its usual notation may be connected to; no for anything else."""
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip in network for network in self.allow):
            return True
        if isinstance(ip, IPv6Address) and ip not in _GLOBAL_UNICAST:
            return False
        return ip.is_global and not any(ip in network for network in _REFUSED)

    def check_peer(self, host: str, address: str) -> None:
        """To be called on a connection that is open, before anything is sent through it.

        `address` is the peer's, `host` the name it was found under. Raises AddressRefused.
        """
        if not self.permits(address):
            raise AddressRefused(host, address)
