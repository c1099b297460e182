from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import AddressRefused
from crawler.guard.middleware import spelled_out
from crawler.guard.networks import Networks

REFUSED = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::",
    "2002:808:808::",
    "2001:0:808:808::1",
    "2001:10::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]

PERMITTED = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "::ffff:8.8.8.8",
    "2606:4700::1111",
    "2a00:1450:4001::1",
]


@pytest.mark.parametrize("address", REFUSED)
def test_refuses_what_is_not_public(address: str) -> None:
    assert not Networks().permits(address)


@pytest.mark.parametrize("address", PERMITTED)
def test_permits_what_is_public(address: str) -> None:
    assert Networks().permits(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.0.0.1", "1.1.1.1 "])
def test_refuses_what_is_no_address(text: str) -> None:
    assert not Networks.parse(["0.0.0.0/0"]).permits(text)


def test_allowed_networks_open_exactly_what_they_name() -> None:
    networks = Networks.parse(["10.1.2.0/24", " 127.0.0.1/32", "", "fd00::/8"])
    for address in ("10.1.2.0", "10.1.2.255", "127.0.0.1", "::ffff:10.1.2.7", "fd12::1"):
        assert networks.permits(address)
    for address in ("10.1.1.255", "10.1.3.0", "127.0.0.2", "::1", "fc00::1", "::ffff:10.1.3.1"):
        assert not networks.permits(address)


@pytest.mark.parametrize("text", ["10.1.2.3/24", "localhost", "10.0.0.0/33", "127.0.0.1:80"])
def test_refuses_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match=r"10|localhost|127"):
        Networks.parse([text])


@given(st.ip_addresses(v=4))
def test_a_mapped_address_counts_as_the_one_in_it(address: IPv4Address) -> None:
    assert Networks().permits(f"::ffff:{address}") == Networks().permits(str(address))


@given(st.ip_addresses(v=6))
def test_only_global_unicast_is_public(address: IPv6Address) -> None:
    if Networks().permits(str(address)) and not address.ipv4_mapped:
        assert address.is_global
        assert str(address.exploded).startswith(("2", "3"))


def test_check_peer_names_host_and_address() -> None:
    Networks().check_peer("example.org", "8.8.8.8")
    with pytest.raises(AddressRefused, match=r"example\.org is at 10\.0\.0\.5, .*allow_networks"):
        Networks().check_peer("example.org", "10.0.0.5")
    assert not issubclass(AddressRefused, OSError)


def test_every_spelling_of_an_address_is_read(shared: Path) -> None:
    vectors = json.loads((shared / "data/vectors/urlcanon/testdata/funky_ipv4.json").read_text())
    read = {spelling: spelled_out(spelling) for spelling in vectors}
    for spelling, address in vectors.items():
        if read[spelling] is not None:
            assert read[spelling] == address
    # The others, those with a dot at the end, the system's resolver does not take for addresses.
    assert sum(address is not None for address in read.values()) >= 25
    assert ip_address(read["192.0x00A80001"] or "") == ip_address("192.168.0.1")
