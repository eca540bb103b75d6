"""Which network addresses are the public Internet's."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that was ever given to hosts of the Internet. What is outside stands for IPv4
addresses, which may be any, or for places inside."""

_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
"""What leads to an IPv4 address all the same."""


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
    if isinstance(parsed, IPv6Address):
        hosts = parsed in _UNICAST and not any(parsed in tunnel for tunnel in _TUNNELS)
        return hosts and _global(parsed)
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
