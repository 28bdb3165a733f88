"""SSRF guard: which addresses are out on the public internet, and so may be connected to.

A stranger's address could lead into our own network (server-side request forgery). The guard looks
at what a name resolves to, and the caller connects to that very address: a name that resolves
otherwise a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# All of the public IPv6 internet is in here. What lies outside is not given out, or belongs to a
# site, or wraps an IPv4 address (NAT64, IPv4-compatible); Python takes most of it for global.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Python's table depends on its version, so what some versions let pass is written down here.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocols: the nearest router answers to some of them.
        "192.88.99.0/24",  # Relays of 6to4.
        "2001::/23",  # IETF protocols, Teredo among them, which wraps an IPv4 address.
        "2002::/16",  # 6to4, which wraps one too.
        "3fff::/20",  # Documentation.
    )
)


def is_public(address: str | Address) -> bool:
    """Whether an address is out on the internet, also where it stands for another one."""
    ip = unwrapped(parsed(address) if isinstance(address, str) else address)
    if ip.is_multicast or not ip.is_global:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _GLOBAL_UNICAST:
        return False
    return not any(ip in network for network in _NOT_PUBLIC)


def parsed(address: str) -> Address:
    """Read an address as the resolver gives it, with or without the zone behind a `%`.

    Only IPv6 has zones: what else begins so is the name of a host, and may lead anywhere.
    """
    before, _, _ = address.partition("%")
    return ipaddress.ip_address(before if ":" in before else address)


def unwrapped(address: Address) -> Address:
    """Give the IPv4 address that an IPv4-mapped one stands for: connecting goes there."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
