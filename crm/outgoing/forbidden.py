"""Which addresses this program never connects to because somebody typed a name: its own machine, its own network,
and whatever else is not the public internet.

After the IANA registries of special-purpose IPv4 and IPv6 addresses. Python's own ``is_private`` and ``is_global``
differ between its versions and miss addresses that carry another one inside.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_NOT_PUBLIC_4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared by customers of a provider
            "127.0.0.0/8",
            "168.63.129.16/32",  # the inside of a cloud, with a public face
            "169.254.0.0/16",  # link-local: where clouds tell machines their secrets
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
        ),
    )
)
_PUBLIC_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, benchmarks, ORCHID
            "2001:db8::/32",
            "2002::/16",  # 6to4 carries an IPv4 address
            "2620:4f:8000::/48",
            "3ffe::/16",  # the 6bone, returned long ago
            "3fff::/20",
        ),
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 reaches IPv4: the last four bytes are the address that is meant."""
_NEVER: Final = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("224.0.0.0/4"),
    IPv4Network("240.0.0.0/4"),
    IPv6Network("::/128"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::/32"),  # a cloud's secrets again
    IPv6Network("ff00::/8"),
)


def is_forbidden(address: str, *, named: bool = False) -> bool:
    """Whether no connection may be made to that numeric address; what is no address is forbidden.

    ``named``: an admin allowed the host by its name, so its address may be of the own network or machine, yet never
    link-local, where clouds keep secrets.
    """
    try:
        found: Address = ip_address(address)
    except ValueError:
        return True
    meant = _meant(found)
    if named:
        return any(meant in network for network in _NEVER if network.version == meant.version)
    if isinstance(meant, IPv4Address):
        return any(meant in network for network in _NOT_PUBLIC_4)
    return meant not in _PUBLIC_6 or any(meant in network for network in _NOT_PUBLIC_6)


def _meant(address: Address) -> Address:
    """The IPv4 address inside a mapped or translated one."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(address.packed[-4:]) if address in _NAT64 else address
