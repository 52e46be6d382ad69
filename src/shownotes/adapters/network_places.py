"""Which addresses of the network a stranger's text may make us ask.

A feed names addresses, and they lead on to others. None of them may reach into the networks behind
this machine (a router, a cloud's metadata, a database), so names are looked up here, once, and what
was checked is what is connected to: a name that means another address the next time it is looked up
(DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import TypeAlias

from shownotes.errors import AddressRefusedError, FetchError

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
# Looks a name up: host and port -> addresses.
Resolve = Callable[[str, int], Sequence[str]]
# An address of IPv4 inside one of IPv6. Source: RFC 6052.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system knows them.

    Raises:
        FetchError: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError(f"{host} is not known to the name service.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def places(host: str, port: int, *, allow_private: bool, resolve: Resolve = resolve) -> list[str]:
    """The addresses of a name that may be asked.

    Args:
        host: a name or an address.
        port: of the server.
        allow_private: whether this machine and private networks may be asked.
        resolve: looks names up.

    Raises:
        AddressRefusedError: it has none of that kind.
        FetchError: it has none at all.
    """
    found = resolve(host, port)
    kept = [text for text in found if may_be_asked(text, allow_private=allow_private)]
    if not kept:
        raise AddressRefusedError(
            f"{host} is an address of this machine or of a private network, and is not asked. "
            "If that is meant: [feeds] allow_private = true."
        )
    return kept


def may_be_asked(text: str, *, allow_private: bool) -> bool:
    """Whether an address may be asked: a public one, or a private one where that is allowed.

    Those of the neighbours on the wire, which clouds use for their metadata, never may.
    """
    try:
        address = _inner(ipaddress.ip_address(text))
    except ValueError:
        return False
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback:
        return allow_private
    if address.is_reserved:
        return False
    return address.is_global or allow_private


def _inner(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 stands for, in one of the ways of writing it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
