"""Addresses that a hosted instance may connect to: public ones, whatever name leads there."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore
from port_ocean.exceptions.clients import BlockedIPError
from port_ocean.helpers import ip_blocker

# The prefix under which gateways reach IPv4 (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
# What Python calls global, in some of its versions, although a router may lead it inside: special
# protocols, 6to4 with its relays, Teredo, and the site of old.
_SPECIAL = tuple(
    map(
        ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "2002::/16", "2001::/32", "fec0::/10"),
    )
)


class AddressGuard:
    """The rule for connections of a hosted instance, where Ocean guards against internal addresses.

    A name is resolved once, and the connection goes to an address that was judged. Names that Ocean
    trusts are left to the network, but not as the host of a proxy. `spares_proxies` is for those
    that the machine's own environment names.
    """

    def __init__(self, *, spares_proxies: bool = False) -> None:
        self._spares_proxies = spares_proxies

    async def addresses(self, host: str, *, is_proxy: bool = False) -> list[str]:
        """Return what may be connected to for a host, the best first.

        Raises:
            BlockedIPError: one of its addresses is not public.
            httpcore.ConnectError: it has no address.
        """
        if self._spares_proxies if is_proxy else host.endswith(ip_blocker._TRUSTED_SUBDOMAINS):
            return [host]
        found = await _resolved(host)
        if hidden := [address for address in found if not is_public(address)]:
            whose = "the proxy" if is_proxy else "the host"
            raise BlockedIPError(
                f"{whose} {host} has the internal address {hidden[0]}"
                if hidden[0] != host
                else f"{whose} {host} is an internal address"
            )
        return found

    async def pinned(self, host: str) -> str:
        """Return the one address, or trusted name, that a proxy is asked for; errors as above."""
        found = await self.addresses(host)
        # Some proxies, and httpcore, know no IPv6 there.
        return next((address for address in found if ":" not in address), found[0])


def is_public(text: str) -> bool:
    """Return whether an address is one of the public network, also of IPv4 in IPv6 clothes.

    Sample: neither `10.0.0.1` nor `::ffff:10.0.0.1`, `64:ff9b::a00:1` and `2002:a00:1::` are.
    """
    try:
        address = _undressed(ip_address(text))
    except ValueError:
        return False
    is_special = address.is_reserved or address.is_multicast or ip_blocker._is_blocked(str(address))
    return address.is_global and not is_special and not any(address in each for each in _SPECIAL)


def _undressed(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that is reached by an IPv6 address; else the address itself.

    Those of 6to4, Teredo and the form `::1.2.3.4` stay, which are not public by themselves.
    """
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


async def _resolved(host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))
