"""Whom a request is addressed to, where it comes from, and which of both are the desk's own.

A page of another site can make a browser send requests to 127.0.0.1. Its own name is then in `Host`
(DNS rebinding) or in `Origin` and `Sec-Fetch-Site` (cross-site requests): no page can forge these.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shownotes.adapters.accounts import is_loopback
from shownotes.web.context import DeskContext

OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
_WILDCARDS = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104  # nosec B104
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)")
# What proxies add. A request that bears one has come from elsewhere, whatever its address is.
_FORWARDED = (
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a request comes from.

    Attributes:
        scheme: that the browser used.
        address: of the browser, or of the nearest machine that is not a trusted proxy.
        host: as the browser wrote it, lower case.
        is_forwarded: it came through a proxy, trusted or not.
    """

    scheme: str
    address: str
    host: str
    is_forwarded: bool

    @property
    def is_local(self) -> bool:
        """Whether it comes from this machine and is addressed to it."""
        return not self.is_forwarded and is_loopback(self.address) and is_loopback(self.host)


def find_source(
    headers: Mapping[str, str],
    *,
    client: str,
    scheme: str,
    trusted_proxies: Sequence[str],
    http_version: str = "1.1",
) -> Source:
    """Where a request comes from; what proxies say is believed of trusted ones only.

    Args:
        headers: names in lower case.
        client: address of the other end of the connection.
        scheme: of the connection.
        trusted_proxies: addresses and networks.
        http_version: no browser has said 1.0 for decades; nginx does until it is told otherwise.
    """
    networks = [ipaddress.ip_network(network, strict=False) for network in trusted_proxies]

    def is_trusted(address: str) -> bool:
        try:
            return any(ipaddress.ip_address(address) in network for network in networks)
        except ValueError:
            return False

    if is_trusted(client):
        told = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        scheme = told if told in _DEFAULT_PORTS else scheme
        # Every proxy adds whom it was asked by: the last one that is not ours is the browser.
        for address in reversed(headers.get("x-forwarded-for", "").split(",")):
            if not _is_address(address.strip()):
                break
            client = address.strip()
            if not is_trusted(client):
                break
    return Source(
        scheme=scheme,
        address=client,
        host=headers.get("host", "").lower(),
        is_forwarded=http_version == "1.0" or any(name in headers for name in _FORWARDED),
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_own_host(host: str, desk: DeskContext, *, server: tuple[str, int]) -> bool:
    """Whether a Host header names this desk.

    Args:
        host: lower case.
        desk: its settings say by what other names it may be called.
        server: address and port that the request has reached.
    """
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name, port = found[1], found[2] or ""
    address, own_port = _bracketed(server[0]), str(server[1])
    if port == own_port or (not port and own_port == "80"):
        bound = _bracketed(desk.host.lower())
        # An address in figures is never rebound: only names are looked up.
        own = address if desk.host in _WILDCARDS else bound
        if name in {*OWN_NAMES, own}:
            return True
    return any(
        host == other or (name == other and port in {"", own_port, *_DEFAULT_PORTS.values()})
        for other in other_names(desk)
    )


def other_names(desk: DeskContext) -> tuple[str, ...]:
    """Names from elsewhere that the operator allows, with a port or without."""
    told, public = desk.settings.desk, desk.settings.desk.public_url
    return (*told.allowed_hosts, *([public.partition("://")[2]] if public else []))


def is_own_origin(origin: str, desk: DeskContext, source: Source) -> bool:
    """Whether an Origin header names a page of this desk; `null` does not."""
    wanted = _in_full(f"{source.scheme}://{source.host}")
    public = _in_full(desk.settings.desk.public_url)
    return _in_full(origin.lower()) in {wanted, public} - {None}


def _in_full(origin: str) -> tuple[str, str, str] | None:
    """Scheme, name and port of an origin."""
    found = _ORIGIN.fullmatch(origin)
    place = _HOST.fullmatch(found[2]) if found else None
    if found is None or place is None:
        return None
    return found[1], place[1], place[2] or _DEFAULT_PORTS[found[1]]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address and not address.startswith("[") else address
