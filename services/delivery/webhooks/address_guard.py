"""Which addresses a webhook may go to: the public Internet, and nothing that an operator keeps inside.

The check is made on the address that the connection is opened to, so that a name that changes its answer,
or an address written in an odd way, gains nothing.
"""

import ipaddress
from collections.abc import Callable

Permits = Callable[[str], bool]
"""Whether a connection may be opened to an address in text form."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

# Addresses that carry another address inside, by which the inner one would be reached.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# IANA special-purpose registries: not reachable from everywhere, or not a host.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
    )
)


def guard(*, allow_private: bool) -> Permits:
    """What the setting `PARLEY_WEBHOOK_ALLOW_PRIVATE` stands for."""
    return (lambda _: True) if allow_private else is_public


def is_public(text: str) -> bool:
    """Whether an IP address in text form, as `getaddrinfo` gives it, is on the public Internet.

    What is mapped, translated or tunnelled inside an IPv6 address must be public too. False for what is no
    address.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(address)
    return _is_public(inner) if inner is not None else _is_public(address)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _SPECIAL if network.version == address.version)


def _inner(address: Address) -> Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return None
