"""Which addresses may be asked."""

import pytest

from shownotes.adapters.network_places import may_be_asked, places
from shownotes.errors import AddressRefusedError, FetchError

PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"]
NEVER = [
    *("169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"),
    # The same by way of IPv6: mapped, translated (NAT64), 6to4.
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "nonsense"),
]
DISGUISED = ["::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_public_addresses_may_be_asked(address: str) -> None:
    assert may_be_asked(address, allow_private=False)


@pytest.mark.parametrize("address", [*PRIVATE, *DISGUISED])
def test_private_ones_only_where_that_is_allowed(address: str) -> None:
    assert not may_be_asked(address, allow_private=False)
    assert may_be_asked(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_neighbours_on_the_wire_and_no_addresses_never(address: str) -> None:
    assert not may_be_asked(address, allow_private=True)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_however_it_is_written(host: str) -> None:
    """By the system's own resolver, which understands all of these."""
    with pytest.raises((AddressRefusedError, FetchError)):
        places(host, 80, allow_private=False)


def test_of_several_addresses_the_public_ones() -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        return ["10.0.0.1", "1.1.1.1", "169.254.169.254"]

    assert places("a.test", 80, allow_private=False, resolve=resolve) == ["1.1.1.1"]


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(FetchError, match=r"does\.not\.exist\.invalid"):
        places("does.not.exist.invalid", 80, allow_private=False)
