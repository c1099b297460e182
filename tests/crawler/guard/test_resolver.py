from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from crawler.guard.errors import GuardMissing
from crawler.guard.networks import Networks
from crawler.guard.resolver import (
    CACHE_SECONDS,
    GuardedResolver,
    _getaddrinfo,
    install,
    verify,
)

PUBLIC = IPv4Address("TCP", "93.184.215.14", 0)
PUBLIC6 = IPv6Address("TCP", "2606:4700::1111", 0)
PRIVATE = IPv4Address("TCP", "127.0.0.1", 0)
PRIVATE6 = IPv6Address("TCP", "::1", 0)


class Names:
    """Answers each lookup with the next of the given lists of addresses."""

    def __init__(self, *answers: list[Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, Any]] = []

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        receiver: Any,
        host: str,
        port: int = 0,
        address_types: Sequence[type[Any]] | None = None,
        transport: str = "TCP",
    ) -> Any:
        self.asked.append((host, address_types))
        receiver.resolutionBegan(self)
        for address in self.answers.pop(0):
            receiver.addressResolved(address)
        receiver.resolutionComplete()


class Receiver:
    def __init__(self) -> None:
        self.addresses: list[Any] = []
        self.events: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 (Twisted's name)
        self.events.append(f"began {resolution.name}")

    def addressResolved(self, address: Any) -> None:  # noqa: N802 (Twisted's name)
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802 (Twisted's name)
        self.events.append("complete")


class Reactor:
    """What `install` needs of a reactor."""

    def __init__(self) -> None:
        self.nameResolver: Any = Names()  # Twisted's name

    def getThreadPool(self) -> None:  # noqa: N802 (Twisted's name)
        raise AssertionError("no lookup was expected")

    def installNameResolver(self, resolver: Any) -> None:  # noqa: N802 (Twisted's name)
        self.nameResolver = resolver


def look_up(resolver: Any, host: str, *args: Any) -> list[Any]:
    receiver = Receiver()
    resolver.resolveHostName(receiver, host, *args)
    assert receiver.events == [f"began {host}", "complete"]
    return receiver.addresses


def test_gives_out_what_is_public_with_the_port_asked_for() -> None:
    resolver = GuardedResolver(Networks(), Names([PUBLIC, PUBLIC6]))
    found = look_up(resolver, "example.org", 8080)
    assert [(one.host, one.port) for one in found] == [
        ("93.184.215.14", 8080),
        ("2606:4700::1111", 8080),
    ]
    assert resolver.refusal("example.org") is None


@pytest.mark.parametrize("private", [PRIVATE, PRIVATE6])
def test_keeps_back_the_private_one_of_several(private: Any) -> None:
    resolver = GuardedResolver(Networks(), Names([private, PUBLIC, private]))
    assert [one.host for one in look_up(resolver, "example.org")] == ["93.184.215.14"]
    assert resolver.refusal("example.org") is None


def test_remembers_why_it_gives_nothing(caplog: pytest.LogCaptureFixture) -> None:
    resolver = GuardedResolver(Networks(), Names([PRIVATE6, PRIVATE], []))
    assert look_up(resolver, "intranet.example") == []
    refused = resolver.refusal("INTRANET.example.")
    assert refused is not None
    assert refused.address == "::1"
    assert "::1, 127.0.0.1, which intranet.example is said to be at" in caplog.text
    assert look_up(resolver, "unknown.example") == []
    assert resolver.refusal("unknown.example") is None


def test_a_name_in_unicode_and_in_ascii_is_one() -> None:
    resolver = GuardedResolver(Networks(), Names([PRIVATE]))
    look_up(resolver, "bücher.example")
    assert resolver.refusal("xn--bcher-kva.example") is not None


def test_a_name_that_changes_its_address_is_checked_each_time() -> None:
    now = [0.0]
    names = Names([PUBLIC], [PRIVATE], [PUBLIC])
    resolver = GuardedResolver(Networks(), names, clock=lambda: now[0])
    assert look_up(resolver, "rebind.example")
    now[0] += CACHE_SECONDS + 1
    assert look_up(resolver, "rebind.example") == []
    assert resolver.refusal("rebind.example") is not None
    now[0] += CACHE_SECONDS + 1
    assert look_up(resolver, "rebind.example")
    assert resolver.refusal("rebind.example") is None


def test_addresses_are_reused_for_a_while_only() -> None:
    now = [0.0]
    names = Names([PUBLIC], [PUBLIC6], [])
    resolver = GuardedResolver(Networks(), names, clock=lambda: now[0])
    look_up(resolver, "example.org")
    now[0] += CACHE_SECONDS - 1
    assert [one.host for one in look_up(resolver, "Example.org", 443)] == ["93.184.215.14"]
    assert len(names.asked) == 1
    now[0] += 2
    assert [one.host for one in look_up(resolver, "example.org")] == ["2606:4700::1111"]
    # Another kind of address is another question, and no answer is not remembered.
    assert look_up(resolver, "example.org", 0, [IPv4Address]) == []
    assert len(names.asked) == 3


def test_literals_are_answered_without_a_lookup() -> None:
    resolver = GuardedResolver(Networks.parse(["fd00::/8"]), Names())
    assert [one.port for one in look_up(resolver, "8.8.8.8", 80)] == [80]
    assert look_up(resolver, "127.0.0.1") == []
    assert look_up(resolver, "::ffff:127.0.0.1") == []
    assert [one.host for one in look_up(resolver, "fd00::5")] == ["fd00::5"]
    assert look_up(resolver, "fd00::5", 0, [IPv4Address]) == []


def test_is_installed_once() -> None:
    reactor = Reactor()
    first = install(reactor, Networks())
    assert reactor.nameResolver is first
    assert install(reactor, Networks()) is first
    with pytest.raises(GuardMissing, match="other allow_networks"):
        install(reactor, Networks.parse(["10.0.0.0/8"]))


def test_verify_notices_a_resolver_that_lets_through() -> None:
    reactor = Reactor()
    reactor.nameResolver = Names([PRIVATE])
    with pytest.raises(GuardMissing, match=r"gives out 127\.0\.0\.1"):
        verify(reactor, Networks())


def test_verify_takes_an_address_that_is_not_allowed() -> None:
    reactor = Reactor()
    reactor.nameResolver = Names([PRIVATE6])
    with pytest.raises(GuardMissing, match="gives out ::1"):
        verify(reactor, Networks.parse(["127.0.0.0/8", "169.254.0.0/16"]))


def test_what_is_no_host_name_fails_like_an_unknown_one() -> None:
    with pytest.raises(UnicodeError):
        socket.getaddrinfo("a" * 70 + ".example", 80)
    with pytest.raises(socket.gaierror):
        _getaddrinfo("a" * 70 + ".example", 80)
