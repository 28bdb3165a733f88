"""The SSRF guard: one answer to "is this address public", for pictures and webhooks alike."""

import ipaddress
import socket

import pytest

from imagestudio.net.addresses import is_public, parsed, unwrapped

# Each of these was public for one door of the studio and private for another.
DISPUTED = [
    "fec0::1",
    "::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:808:808::",
    "4000::1",
    "5f00::1",
]
INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.8",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "0.0.0.0",  # noqa: S104 It is refused and no address to listen on.
    "::1",
    "::",
    "fe80::1%eth0",
    "febf::1",
    "fc00::1",
    "fdff:ffff::1",
    "fec0::1%2",
    "feff::1",
]
WRAPPED = [
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "::8.8.8.8",
    "::ffff:0:7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::808:808",
    "64:ff9b:1:fffe:7f00:1::",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]
NOT_GIVEN_OUT = [
    "192.0.0.9",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "233.252.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "100::1",
    "100:0:0:1::1",
    "1fff:ffff::1",
    "2001:2::1",
    "2001:20::1",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff::1",
    "6000::1",
    "c000::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "191.255.255.255",
    "192.0.1.1",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2a00:1450:4001:800::200e",
    "3ffe::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", DISPUTED)
def test_what_one_door_took_for_public_is_public_for_none(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", WRAPPED)
def test_an_address_that_wraps_another_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", NOT_GIVEN_OUT)
def test_an_address_of_nobody_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert is_public(parsed(address))


def test_a_mapped_address_is_judged_by_the_one_that_is_connected_to() -> None:
    assert unwrapped(parsed("::ffff:10.0.0.1")) == ipaddress.ip_address("10.0.0.1")
    assert unwrapped(parsed("2606:4700::1")) == ipaddress.ip_address("2606:4700::1")


def test_what_is_no_address_is_not_guessed_at() -> None:
    named = ("", "localhost", "127.1", "0x7f000001", "2130706433", "8.8.8.8:80")
    for text in (*named, "8.8.8.8%2e.internal", "8.8.8.8%", "8.8.8.8%:"):
        with pytest.raises(ValueError, match="does not appear"):
            is_public(text)


def test_the_zone_of_an_address_says_nothing_of_it() -> None:
    assert parsed("fe80::1%eth0") == ipaddress.ip_address("fe80::1")
    assert not is_public("fe80::1%eth0")


def test_it_reads_what_the_resolver_gives() -> None:
    for host in ("127.0.0.1", "localhost"):
        for entry in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM):
            assert not is_public(str(entry[4][0]))
