"""Whom an address stands for, where somebody is counted by it."""

from ipaddress import IPv6Address, ip_address

HOUSEHOLD_BITS = 64  # What a provider gives to one customer: all of it is one visitor.


def household(address: str) -> str:
    """An IPv4 address itself, the /64 of an IPv6 one; what is neither stands for itself."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    prefix = int(parsed) >> HOUSEHOLD_BITS << HOUSEHOLD_BITS
    return f"{IPv6Address(prefix)}/{HOUSEHOLD_BITS}"
