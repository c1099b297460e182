"""Name resolution that gives out permitted addresses only.

Twisted's client resolves every host, IP literals included, right before each connection and then
connects to exactly the addresses it was given, so a name that changes its address gains nothing.
"""

from __future__ import annotations

import logging
import socket
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import attr
from twisted.internet._resolver import GAIResolver
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]  # it has no types

from archive.errors import AddressRefused
from crawler.guard.errors import GuardMissing
from crawler.guard.networks import Networks

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

CACHE_SECONDS = 60.0
"""How long the addresses of a name are reused; the system does not tell for how long they hold."""

CACHE_NAMES = 10_000

Address = IPv4Address | IPv6Address


class Receiver(Protocol):
    """IResolutionReceiver in terms of types."""

    def resolutionBegan(self, resolution: Any, /) -> None: ...  # noqa: N802 (Twisted's name)
    def addressResolved(self, address: Any, /) -> None: ...  # noqa: N802 (Twisted's name)
    def resolutionComplete(self) -> None: ...  # noqa: N802 (Twisted's name)


class Resolver(Protocol):
    """IHostnameResolver in terms of types."""

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        receiver: Any,
        host: str,
        port: int = ...,
        address_types: Sequence[type[Any]] | None = ...,
        transport: str = ...,
        /,
    ) -> Any: ...


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        raise NotImplementedError  # as in Twisted's own resolver: a system lookup cannot be stopped


@implementer(IResolutionReceiver)
class _Collector:
    """Takes what the inner resolver finds, and hands it over when that is complete."""

    def __init__(self, done: Callable[[list[Address]], None]) -> None:
        self._done = done
        self._addresses: list[Address] = []

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802 (Twisted's name)
        """Told to the outer receiver already."""

    def addressResolved(self, address: object) -> None:  # noqa: N802 (Twisted's name)
        if isinstance(address, Address):
            self._addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802 (Twisted's name)
        self._done(self._addresses)


@implementer(IHostnameResolver)
class GuardedResolver:
    """Wraps a resolver for IPv4 and IPv6, and keeps back the addresses that are not permitted.

    A name whose addresses are all kept back looks unknown to Twisted; `refusal` tells the two
    apart. `clock` gives seconds.
    """

    def __init__(
        self,
        networks: Networks,
        inner: Resolver,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.networks = networks
        self._inner = inner
        self._clock = clock
        self._found: OrderedDict[tuple[str, object], tuple[float, list[Address]]] = OrderedDict()
        self._refused: OrderedDict[str, str] = OrderedDict()

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        resolutionReceiver: Receiver,  # noqa: N803 (Twisted's name)
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[Any]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> object:
        """As IHostnameResolver says; an IP literal, or a name found before, is answered at once."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        kinds = tuple(addressTypes) if addressTypes is not None else (IPv4Address, IPv6Address)

        def answer(addresses: list[Address]) -> None:
            for address in self._permitted(hostName, addresses):
                resolutionReceiver.addressResolved(attr.evolve(address, port=portNumber))
            resolutionReceiver.resolutionComplete()

        literal = _literal(hostName)
        if literal is not None:
            answer([literal] if isinstance(literal, kinds) else [])
            return resolution
        key = (hostName.lower(), kinds)
        expires, addresses = self._found.get(key, (0.0, []))
        if expires > self._clock():
            answer(addresses)
            return resolution

        def found(addresses: list[Address]) -> None:
            if addresses:
                _remember(self._found, key, (self._clock() + CACHE_SECONDS, addresses))
            answer(addresses)

        self._inner.resolveHostName(
            _Collector(found), hostName, 0, addressTypes, transportSemantics
        )
        return resolution

    def _permitted(self, host: str, addresses: list[Address]) -> list[Address]:
        permitted = [one for one in addresses if self.networks.permits(one.host)]
        kept_back = [one.host for one in addresses if one not in permitted]
        # An address that stands for itself is named by the error; a name that lies is worth a line.
        if kept_back and kept_back != [host]:
            logger.warning(
                "The guard keeps back %(addresses)s, which %(host)s is said to be at",
                {"addresses": ", ".join(kept_back), "host": host},
            )
        if kept_back and not permitted:
            _remember(self._refused, _name(host), kept_back[0])
        else:
            self._refused.pop(_name(host), None)
        return permitted

    def refusal(self, host: str) -> AddressRefused | None:
        """Why the last lookup of a host gave nothing; None when it was not for the guard."""
        address = self._refused.get(_name(host))
        return None if address is None else AddressRefused(host, address)


def _literal(host: str) -> Address | None:
    try:
        ip = ip_address(host)
    except ValueError:
        return None  # a name, or one of the odd spellings that only the system's resolver reads
    kind = IPv4Address if ip.version == 4 else IPv6Address
    return kind("TCP", host, 0)


def _name(host: str) -> str:
    """One spelling for the ASCII and the Unicode form of a host name."""
    bare = host.strip("[]").rstrip(".").lower()
    try:
        return bare.encode("idna").decode("ascii")
    except UnicodeError:
        return bare


def _remember(memory: OrderedDict[Any, Any], key: object, value: object) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > CACHE_NAMES:
        memory.popitem(last=False)


def _getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return socket.getaddrinfo(host, port, *args, **kwargs)
    except UnicodeError as error:
        # Twisted's resolver expects gaierror alone, and would never answer after another.
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is not a host name") from error


def install(reactor: Any, networks: Networks) -> GuardedResolver:
    """Put the guard in place; does nothing when it is there with the same networks.

    Raises GuardMissing when it is there with others: a process has one set of permitted networks.
    """
    present = reactor.nameResolver
    if isinstance(present, GuardedResolver):
        if present.networks != networks:
            raise GuardMissing(
                "this process runs with other allow_networks already; "
                "crawls that differ in them need processes of their own"
            )
        return present
    inner = GAIResolver(reactor, reactor.getThreadPool, _getaddrinfo)
    guarded = GuardedResolver(networks, inner)
    reactor.installNameResolver(guarded)
    verify(reactor, networks)
    return guarded


def verify(reactor: Any, networks: Networks) -> None:
    """Resolve addresses that are not permitted, and raise GuardMissing if one is given out."""
    for address in ("127.0.0.1", "169.254.169.254", "::1"):
        if networks.permits(address):
            continue
        answer: list[list[Address]] = []
        reactor.nameResolver.resolveHostName(_Collector(answer.append), address)
        # Only the guard answers at once, so no answer is a wrong one too.
        if answer != [[]]:
            raise GuardMissing(f"the reactor's resolver gives out {address}")


def networks_of(settings: BaseSettings) -> Networks:
    """PRESSMARK_ALLOW_NETWORKS. Raises ValueError when one is not a network in CIDR notation."""
    return Networks.parse(settings.getlist("PRESSMARK_ALLOW_NETWORKS"))


class ProcessResolver:
    """For TWISTED_DNS_RESOLVER: what AsyncCrawlerProcess installs; a runner ignores the setting."""

    def __init__(self, networks: Networks, reactor: Any) -> None:
        self._networks = networks
        self._reactor = reactor

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> ProcessResolver:
        """Scrapy passes the process in the place of a crawler; only its settings are read."""
        return cls(networks_of(crawler.settings), reactor)

    def install_on_reactor(self) -> None:
        """Scrapy's name for it."""
        install(self._reactor, self._networks)
