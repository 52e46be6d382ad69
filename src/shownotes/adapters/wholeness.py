"""Whether a file's container ends where it says: what a copy that is not finished breaks.

Read from the bytes, by what stands in them and not by the name; a few kilobytes of either end.
FFmpeg's libraries play what is there and keep such promises to themselves. Where a container
promises nothing (MP3, AAC), a cut seldom falls between two frames; where a file had its full size
from the beginning, what is not copied yet is zeros.

Sources: Microsoft and IBM, "Multimedia Programming Interface" (RIFF); EBU Tech 3306 (RF64);
RFC 3533 (Ogg); RFC 9639 (FLAC); RFC 8794 (EBML); ISO/IEC 14496-12 (MP4), 11172-3 (MPEG audio),
13818-7 (ADTS).
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from shownotes.adapters import frame_chains
from shownotes.adapters.containers import list_boxes
from shownotes.adapters.placeholders import ends_in_hole
from shownotes.adapters.silent_ends import sample_of, silent_end
from shownotes.core.dropped import Fault

# Zeros in a row that no compressed sound ends with, in bytes.
_ZEROS = 4096
_WAVPACK_TAIL = 1 << 20
# Real files have some ten chunks.
_MOST_CHUNKS = 1000
_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"meta", b"edts"})
# Nothing that can be heard is shorter, in bytes.
_LEAST_BYTES = 64
_FEW_ZEROS = 64
_FEW_ZEROS_REASON = "its end is empty: is it copied whole?"
_ZEROS_REASON = "its end is empty, as in a copy that is not finished"


@dataclass(frozen=True, slots=True)
class _File:
    """An open file and its size."""

    file: BinaryIO
    size: int

    def read(self, at: int, length: int) -> bytes:
        """`length` bytes at a place, or what there is."""
        if at >= self.size:
            return b""
        self.file.seek(at)
        return self.file.read(length)


def find_fault(path: Path) -> Fault | None:
    """Why a file does not look finished; `None` when nothing speaks against it.

    Raises:
        OSError: it cannot be opened or read.
    """
    # Never waits, should a pipe have taken the file's place.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size < _LEAST_BYTES:
            return Fault(reason=f"it is empty ({status.st_size} bytes)")
        if ends_in_hole(handle, status.st_size):
            return Fault(reason=_ZEROS_REASON)
        return _look_into(_File(file, status.st_size))


def _look_into(file: _File) -> Fault | None:
    head = file.read(0, _LEAST_BYTES)
    if not head.strip(b"\0"):
        return Fault(reason="it begins with zeros, as in a copy that is not finished")
    for is_one, check in _CHECKS:
        if is_one(head):
            return check(file)
    return _unknown(file)


def _unknown(file: _File) -> Fault | None:
    zeros = _ends_in_zeros(file)
    if zeros is not None and zeros.is_sure:
        return zeros
    return frame_chains.mpeg_fault(file.read, file.size) or zeros


def _cut(there: int, promised: int) -> Fault:
    return Fault(
        reason=f"it ends early: {there / 1e6:.1f} MB of the {promised / 1e6:.1f} MB that its "
        "beginning promises"
    )


def _ends_in_zeros(file: _File, *, least: int = _FEW_ZEROS) -> Fault | None:
    """Of compressed sound, which has few zeros in a row, and of what programs know of a file."""
    tail = frame_chains.without_tag(file.read(max(0, file.size - _ZEROS), _ZEROS))
    zeros = len(tail) - len(tail.rstrip(b"\0"))
    if zeros == len(tail) >= _ZEROS // 2:
        return Fault(reason=_ZEROS_REASON)
    return Fault(reason=_FEW_ZEROS_REASON, is_sure=False) if zeros >= least else None


def _riff(file: _File) -> Fault | None:
    """WAV, RF64, BW64, AVI: the size of the whole, and that of the sound."""
    head = file.read(0, 12)
    end = 8 + int.from_bytes(head[4:8], "little")
    is_long = head[:4] in (b"RF64", b"BW64")
    at, sample = 12, None
    for _ in range(_MOST_CHUNKS):
        found = file.read(at, 8)
        if len(found) < 8:
            break
        name, length = found[:4], int.from_bytes(found[4:], "little")
        if name == b"ds64":
            end = 8 + int.from_bytes(file.read(at + 8, 8), "little")
        if name == b"data" and head[8:12] == b"WAVE":
            # A recorder that streams does not know the size, and writes 0 or all ones.
            if length == 0xFFFF_FFFF and is_long:
                break
            if length not in (0, 0xFFFF_FFFF) and at + 8 + length > file.size:
                return _cut(file.size, at + 8 + length)
            return silent_end(file.read, file.size, sample)
        if name == b"fmt ":
            sample = sample_of(file.read(at + 8, 16))
        at += 8 + length + length % 2
    if end > 12 and end - 8 != 0xFFFF_FFFF and end > file.size:
        return _cut(file.size, end)
    return silent_end(file.read, file.size)


def _aiff(file: _File) -> Fault | None:
    end = 8 + int.from_bytes(file.read(4, 4), "big")
    return _cut(file.size, end) if end > file.size else silent_end(file.read, file.size)


def _wave64(file: _File) -> Fault | None:
    end = int.from_bytes(file.read(16, 8), "little")
    return _cut(file.size, end) if end > file.size else silent_end(file.read, file.size)


def _caf(file: _File) -> Fault | None:
    at = 8
    for _ in range(_MOST_CHUNKS):
        found = file.read(at, 12)
        if len(found) < 12:
            break
        length = int.from_bytes(found[4:], "big", signed=True)
        if length < 0:
            break
        at += 12 + length
    return _cut(file.size, at) if at > file.size else silent_end(file.read, file.size)


def _ogg(file: _File) -> Fault | None:
    return frame_chains.ogg_fault(file.read, file.size)


def _mp4(file: _File) -> Fault | None:
    boxes = list_boxes(file.file, 0, file.size)
    names = [name for name, _ in boxes]
    end = boxes[-1][1] if boxes else 0
    if end > file.size:
        return _cut(file.size, end)
    if b"moov" not in names and b"moof" not in names:
        return Fault(reason="its index (MP4, moov) is not there yet")
    last, begin = boxes[-1][0], boxes[-2][1] if len(boxes) > 1 else 0
    while last in _PARENTS:
        # The index is made of boxes that fill it to its last byte.
        # `meta` has four bytes more, but in QuickTime; `udta` may end in four zeros.
        is_plain = last != b"meta" or file.read(begin + 12, 4) == b"hdlr"
        begin += 8 if is_plain else 12
        inner = list_boxes(file.file, begin, end)
        if not inner or not 0 <= end - inner[-1][1] < 8 or not inner[-1][0].strip(b"\0"):
            return Fault(reason="its index (MP4, moov) is not there to its end")
        last, begin = inner[-1][0], inner[-2][1] if len(inner) > 1 else begin
    least = _FEW_ZEROS if last == b"mdat" else _FEW_ZEROS // 4
    return None if last in (b"free", b"skip") else _ends_in_zeros(file, least=least)


def _ebml(file: _File) -> Fault | None:
    """Matroska and WebM: the size of the segment, unless it was streamed."""
    at, header = 4, file.read(0, 64)
    length, width = _vint(header, at)
    at += width + length
    head = file.read(at, 16)
    if head[:4] != b"\x18\x53\x80\x67":
        return None
    length, width = _vint(head, 4)
    end = at + 4 + width + length
    is_known = length != (1 << (7 * width)) - 1
    return _cut(file.size, end) if is_known and end > file.size else _ends_in_zeros(file)


def _vint(data: bytes, at: int) -> tuple[int, int]:
    """Value and width of a number of variable size (RFC 8794, 4)."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length() if first else 8
    raw = int.from_bytes(data[at : at + width], "big")
    return raw & ((1 << (7 * width)) - 1), width


def _asf(file: _File) -> Fault | None:
    """Windows Media: its header knows the size of the file, and 0 when it was streamed."""
    head = file.read(0, 65_536)
    at = head.find(bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365"))
    promised = int.from_bytes(head[at + 40 : at + 48], "little") if at >= 0 else 0
    return _cut(file.size, promised) if promised > file.size else _ends_in_zeros(file)


def _flac(file: _File) -> Fault | None:
    return frame_chains.flac_fault(file.read, file.size)


def _transport_stream(file: _File) -> Fault | None:
    """Packets of 188 bytes, or of 192 with a time before each."""
    width, sync = (188, 0) if file.read(0, 1) == b"\x47" else (192, 4)
    if file.read(sync + width, 1) != b"\x47":
        return _unknown(file)
    if file.size % width:
        return Fault(reason="it ends in the midst of a packet (MPEG-TS)")
    return _ends_in_zeros(file)


def _is_transport_stream(head: bytes) -> bool:
    return (head[:1] == b"\x47" and head[:4] != b"GIF8") or head[4:5] == b"\x47"


def _wavpack(file: _File) -> Fault | None:
    """A chain of blocks, each with its size."""
    tail = file.read(max(0, file.size - _WAVPACK_TAIL), _WAVPACK_TAIL)
    at = tail.rfind(b"wvpk")
    end = at + 8 + int.from_bytes(tail[at + 4 : at + 8], "little")
    return frame_chains.CUT if at < 0 or end > len(tail) else _ends_in_zeros(file)


_CHECKS: tuple[tuple[Callable[[bytes], bool], Callable[[_File], Fault | None]], ...] = (
    (lambda head: head[:4] in (b"RIFF", b"RF64", b"BW64"), _riff),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _aiff),
    (lambda head: head[:16] == bytes.fromhex("726966662e91cf11a5d628db04c10000"), _wave64),
    (lambda head: head[:4] == b"caff", _caf),
    (lambda head: head[:4] == b"OggS", _ogg),
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"), _mp4),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _ebml),
    (lambda head: head[:4] == bytes.fromhex("3026b275"), _asf),
    (lambda head: head[:4] == b"fLaC", _flac),
    (lambda head: head[:4] == b"wvpk", _wavpack),
    (_is_transport_stream, _transport_stream),
)
