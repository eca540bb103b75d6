"""Which network addresses are the public Internet's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_CARRIERS = tuple(
    IPv6Network(network)
    for network in (
        "::/96",  # IPv4 written as IPv6
        "::ffff:0:0/96",  # the same, as sockets write it
        "::ffff:0:0:0/96",
        "64:ff9b::/96",  # translated to IPv4 on the way
        "64:ff9b:1::/48",
        "2001::/32",  # tunnels to IPv4
        "2002::/16",
    )
)
"""IPv6 that leads to an IPv4 address, which may be any."""


def is_public(address: str) -> bool:
    """Whether the address is one that any host of the Internet may be reached under.

    Addresses of this machine, of private and link-local networks (among them a cloud's own
    metadata service), of carriers' shared networks, of groups, and all that only stand for
    another address are not.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and any(parsed in network for network in _CARRIERS):
        return False
    return _global(parsed)


def _global(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or address.is_link_local
        or address.is_loopback
        or address.is_unspecified
    )
