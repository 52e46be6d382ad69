"""Sound that is a chain of frames or pages (MPEG audio, ADTS, FLAC, Ogg): is the last one whole?

A copy that stops is cut between two frames by chance only: once in some hundred times, and less
often where the header knows how many there are.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shownotes.core.dropped import Fault

# Reads `length` bytes at a place, or what there is.
Read = Callable[[int, int], bytes]

# How much of the end is looked at, in bytes: some ten frames of MPEG audio, two of ADTS.
_TAIL = 16_384
# How far the first frame may lie behind the tag, in bytes.
_HEAD = 65_536
# Frames in a row that are no accident.
_CHAIN = 3
_ZEROS = 64
# Of an ID3v1 tag, at the end.
_TAG_BYTES = 128
_UNFILLED = "its last frame ends in zeros: is it copied whole?"
CUT = Fault(reason="it ends in the midst of a frame, as a copy does that is not finished")

# Kilobits a second by index (ISO/IEC 11172-3, 13818-3): version 1 by layer, then 2 and 2.5.
_RATES_1 = {
    1: (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_RATES_2 = {
    1: (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_HEADER_BYTES = 7
# A page of Ogg is at most 65 307 bytes.
_OGG_TAIL = 2 * 65_307


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame's length in bytes, and what all frames of a file share."""

    length: int
    kind: tuple[int, ...]


def mpeg_fault(read: Read, size: int) -> Fault | None:
    """Of MP3, MP2, MP1 and ADTS; `None` for whatever is none of them."""
    tag = read(0, 10)
    start = 0
    if tag[:3] == b"ID3" and len(tag) == 10:
        start = 10 + sum(b << s for b, s in zip(tag[6:10], (21, 14, 7, 0), strict=True))
        if start >= size:
            return CUT
    head = read(start, _HEAD)
    found = _find_chain(head)
    if found is None:
        return None
    first, frame = found
    counted = first + _promised_bytes(head[first : first + 256])
    promised = start + counted
    # Some encoders count the tags as well.
    if promised > size and size - counted not in (0, _TAG_BYTES):
        return Fault(
            reason=f"it ends early: {size / 1e6:.1f} MB of the {promised / 1e6:.1f} MB that its "
            "beginning promises"
        )
    tail = without_tag(read(max(0, size - _TAIL), _TAIL))
    if _ends_within_frame(tail, frame):
        return CUT
    # Some encoders fill frames of silence with zeros.
    return None if tail[-_ZEROS:].strip(b"\0") else Fault(reason=_UNFILLED, is_sure=False)


def without_tag(tail: bytes) -> bytes:
    """The end of a file without its ID3v1 tag, which is full of zeros."""
    has_tag = tail[-_TAG_BYTES:].startswith(b"TAG")
    return tail[:-_TAG_BYTES] if has_tag else tail


def _frame(data: bytes, at: int) -> _Frame | None:
    """The frame that begins at a place."""
    if len(data) - at < _HEADER_BYTES - 1 or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return None
    layer, version = 4 - (data[at + 1] >> 1 & 3), data[at + 1] >> 3 & 3
    if layer == 4:
        return _adts(data, at)
    rate, hertz, padding = data[at + 2] >> 4, data[at + 2] >> 2 & 3, data[at + 2] >> 1 & 1
    if version == 1 or hertz == 3 or rate in (0, 15):
        return None
    bits = (_RATES_1 if version == 3 else _RATES_2)[layer][rate] * 1000
    samples_hz = _SAMPLES_HZ[version][hertz]
    if layer == 1:
        length = (12 * bits // samples_hz + padding) * 4
    else:
        length = (72 if layer == 3 and version != 3 else 144) * bits // samples_hz + padding
    return _Frame(length, (version, layer, hertz))


def _adts(data: bytes, at: int) -> _Frame | None:
    if data[at + 1] & 0xF0 != 0xF0 or (data[at + 2] >> 2 & 15) > 12:
        return None
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return _Frame(length, (9, data[at + 2])) if length > _HEADER_BYTES else None


def _find_chain(data: bytes, like: _Frame | None = None) -> tuple[int, _Frame] | None:
    """Where the first of some frames in a row begins; it may be the data that ends the row."""
    at = data.find(b"\xff")
    while at >= 0:
        first = frame = _frame(data, at)
        there, count = at, 0
        while frame and frame.kind == (like or first or frame).kind and count < _CHAIN:
            count, there = count + 1, there + frame.length
            frame = _frame(data, there)
        # In noise some header points beyond the end now and then.
        may_be_cut = like is not None or at == 0
        is_cut = count > 0 and there + _HEADER_BYTES > len(data)
        if first and (count == _CHAIN or (is_cut and may_be_cut)):
            return at, first
        at = data.find(b"\xff", at + 1)
    return None


def _ends_within_frame(tail: bytes, like: _Frame) -> bool:
    found = _find_chain(tail, like)
    if found is None:
        return False
    at = found[0]
    while (frame := _frame(tail, at)) is not None:
        at += frame.length
    rest = tail[at:]
    # The first bytes of a header are no tag, and nothing else that is put there on purpose; nor is
    # a stretch of zeros, which is what a copy has not filled yet.
    is_torn_header = 0 < len(rest) < _HEADER_BYTES and rest[0] == 0xFF
    is_unfilled = len(rest) >= _ZEROS and not rest.strip(b"\0")
    return at > len(tail) or is_torn_header or is_unfilled


def _promised_bytes(frame: bytes) -> int:
    """What a Xing, Info or VBRI header says of the bytes from here to the end."""
    for name in (b"Xing", b"Info"):
        at = frame.find(name)
        if at >= 0 and frame[at + 7 : at + 8] and frame[at + 7] & 2:
            at += 8 + (4 if frame[at + 7] & 1 else 0)
            return int.from_bytes(frame[at : at + 4], "big")
    at = frame.find(b"VBRI")
    return int.from_bytes(frame[at + 10 : at + 14], "big") if at >= 0 else 0


# --------------------------------------------------------------------------- FLAC


def flac_fault(read: Read, size: int) -> Fault | None:
    """The last frame's checksum must be right, and its last sample the last that is promised."""
    info = read(8, 34)
    if len(info) < 34:
        return CUT
    blocks = int.from_bytes(info[:2], "big")
    largest = int.from_bytes(info[7:10], "big")
    total = int.from_bytes(info[10:18], "big") & ((1 << 36) - 1)
    length = max(_HEAD, largest + _TAIL)
    tail = without_tag(read(max(0, size - length), length))
    for at, last in _flac_frames(tail, blocks):
        if _crc(tail[at:], 16) == 0:
            is_short = total and last < total
            return _cut_flac(last, total) if is_short else None
    return CUT


def _cut_flac(last: int, total: int) -> Fault:
    return Fault(reason=f"it ends early: {100 * last // total} % of what its beginning promises")


def _flac_frames(tail: bytes, fixed: int) -> Iterator[tuple[int, int]]:
    """Where frames begin, last first, and the sample behind each (RFC 9639, 9.1)."""
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        if len(tail) - at < 6 or tail[at + 1] & 0xFE != 0xF8:
            continue
        number, end = _coded_number(tail, at + 4)
        if number is None:
            continue
        code, count = tail[at + 2] >> 4, 0
        if code in (6, 7):
            width = code - 5
            count = int.from_bytes(tail[end : end + width], "big") + 1
            end += width
        elif code == 1:
            count = 192
        elif code:
            count = 576 << (code - 2) if code < 6 else 256 << (code - 8)
        end += {12: 1, 13: 2, 14: 2}.get(tail[at + 2] & 15, 0)
        if count and _crc(tail[at : end + 1], 8) == 0:
            is_variable = tail[at + 1] & 1
            yield at, (number if is_variable else number * fixed) + count


def _coded_number(data: bytes, at: int) -> tuple[int | None, int]:
    """A number written as UTF-8 writes characters, and where it ends."""
    first = data[at]
    more = 0
    while first << more & 0x80 and more < 8:
        more += 1
    if more in (1, 8) or at + max(1, more) > len(data):
        return None, at
    value = first & (0x7F >> more)
    for byte in data[at + 1 : at + more]:
        value = value << 6 | byte & 0x3F
    return value, at + max(1, more)


def _crc(data: bytes, width: int) -> int:
    """The remainder; 0 over data that ends in its own checksum."""
    table = _TABLES[width]
    mask, shift = (1 << width) - 1, width - 8
    value = 0
    for byte in data:
        value = (value << 8 & mask) ^ table[(value >> shift) ^ byte]
    return value


def _crc_table(width: int, polynomial: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << (width - 8)
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> (width - 1) & 1 else 0)
            value &= (1 << width) - 1
        table.append(value)
    return tuple(table)


_TABLES = {8: _crc_table(8, 0x07), 16: _crc_table(16, 0x8005), 32: _crc_table(32, 0x04C11DB7)}


# --------------------------------------------------------------------------- Ogg


def ogg_fault(read: Read, size: int) -> Fault | None:
    """The last page carries a flag, ends where the file does, and its checksum is right."""
    tail = read(max(0, size - _OGG_TAIL), _OGG_TAIL)
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if len(page) < 27 or not page[5] & 4:
        return Fault(reason="its last page (Ogg) is missing")
    table = page[27 : 27 + page[26]]
    end = 27 + page[26] + sum(table)
    checked = page[:22] + bytes(4) + page[26:end]
    if end > len(page) or _crc(checked, 32) != int.from_bytes(page[22:26], "little"):
        return Fault(reason="its last page (Ogg) is not whole")
    return None
