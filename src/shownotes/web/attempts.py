"""Guessing made slow: after some failures every further one doubles the wait.

In memory and of one process: a restart forgives, and no request waits while it is counted.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass

# Failures before the first wait. People mistype a few times; an office shares one address.
FREE_BY_NAME = 5
FREE_BY_ADDRESS = 10
# Longest waits, in seconds. A name's is short, so that nobody can lock an editor out for long.
LONGEST_BY_NAME_S = 60.0
LONGEST_BY_ADDRESS_S = 900.0
# A failure is forgotten after this long, in seconds.
FORGOTTEN_S = 3600.0
# Names and addresses remembered; about 2 MB.
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Record:
    failures: int = 0
    last: float = 0.0
    open_at: float = 0.0


class Attempts:
    """Failed attempts by name and by address.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: dict[tuple[str, str], _Record] = {}

    def begin(self, *, address: str, name: str = "") -> float:
        """Seconds to wait before an attempt; 0 when it may be made, and is then counted as failed.

        It is counted before its outcome is known, so that many at once are no way around.
        """
        keys = _keys(address, name)
        now = self._clock()
        waits = [record.open_at - now for key in keys if (record := self._records.get(key))]
        if (wait := max(waits, default=0.0)) > 0:
            return wait
        for key in keys:
            self._count(key, now)
        return 0.0

    def succeed(self, *, address: str, name: str = "") -> None:
        """The attempt that began was right: it does not count, and the name begins anew.

        Earlier failures from the address stay, or one who has an account could guess at others'.
        """
        for key in _keys(address, name):
            record = self._records.get(key)
            if record is not None:
                record.failures = 0 if key[0] == "name" else max(0, record.failures - 1)
                record.open_at = 0.0

    def _count(self, key: tuple[str, str], now: float) -> None:
        record = self._records.pop(key, _Record())
        if now - record.last >= FORGOTTEN_S:
            record = _Record()
        record.failures, record.last = record.failures + 1, now
        is_name = key[0] == "name"
        surplus = record.failures - (FREE_BY_NAME if is_name else FREE_BY_ADDRESS)
        if surplus >= 0:
            longest = LONGEST_BY_NAME_S if is_name else LONGEST_BY_ADDRESS_S
            record.open_at = now + min(longest, 2.0 ** min(surplus, 20))
        # The last used stand last: the first is the one to forget.
        self._records[key] = record
        if len(self._records) > MOST_REMEMBERED:
            del self._records[next(iter(self._records))]


def _keys(address: str, name: str) -> list[tuple[str, str]]:
    return [("address", _network(address)), *([("name", name)] if name else [])]


def _network(address: str) -> str:
    """An address, or the network that an IPv6 customer has all to themselves."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
