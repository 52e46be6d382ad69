"""The Range header (RFC 9110, section 14). Pure."""

import re

_ONE = re.compile(r"\s*(?:([0-9]{1,18})\s*-\s*([0-9]{1,18})?|-\s*([0-9]{1,18}))\s*")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """The stretch `[start, end)` of a file that is asked for; `None` for the whole of it.

    Several ranges get the whole: a server may send more than was asked for, and no player asks for
    several. So do units that we do not know.

    Args:
        header: as it was sent.
        size: of the file, in bytes.

    Raises:
        ValueError: it makes no sense, or asks for nothing that is there.
    """
    unit, _, ranges = header.partition("=")
    if unit.strip().lower() != "bytes" or "," in ranges:
        return None
    found = _ONE.fullmatch(ranges)
    if found is None:
        raise ValueError(f"{header!r} is not a range")
    first, last, suffix = found.groups()
    if suffix is not None:
        start, end = max(0, size - int(suffix)), size
    else:
        start, end = int(first), size if last is None else min(size, int(last) + 1)
        if last is not None and int(last) < start:
            raise ValueError(f"{header!r} ends before it begins")
    if start >= end:
        raise ValueError(f"{header!r} asks for nothing of {size} bytes")
    return start, end
