"""Uncompressed sound that ends in silence to the last bit: a programme's end, or a copy's.

A file that had its full size from the beginning, and is not filled to its end yet, ends in zeros;
in sound that is not compressed these are silence. So do programmes that fade to nothing. A copy
breaks off in the midst of the sound; a fade does not.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from shownotes.core.dropped import Fault

# Reads `length` bytes at a place, or what there is.
Read = Callable[[int, int], bytes]
# Silence so long is doubted whatever it comes after (six seconds of a CD), and so is this share of
# a small file.
_LONG_BYTES, _LONG_SHARE = 1_000_000, 8
# Zeros so many are silence, in bytes; more of them where it is not known what a sample is.
_LEAST_BYTES, _LEAST_UNKNOWN_BYTES = 64, 4096
# How loud so many last samples may be before a silence that is no break: -72 dB.
_QUIET, _SAMPLES_BEFORE = 1 / 4096, 64


@dataclass(frozen=True, slots=True)
class Sample:
    """How samples are stored, low byte first: in how many bytes, and whether as floating point."""

    width: int
    is_float: bool

    def is_quiet(self, sound: bytes) -> bool:
        """Whether the last samples of it are."""
        last = sound[-_SAMPLES_BEFORE * self.width :]
        begins = range(len(last) % self.width, len(last), self.width)
        return all(self._share(last[at : at + self.width]) <= _QUIET for at in begins)

    def _share(self, piece: bytes) -> float:
        """Of full scale."""
        if self.is_float:
            return abs(float(struct.unpack("<f", piece)[0]))
        value = int.from_bytes(piece, "little", signed=True)
        return abs(value) / float(1 << (8 * self.width - 1))


def sample_of(form: bytes) -> Sample | None:
    """How a WAV's samples are stored, by its format chunk; `None` for what is not looked into."""
    if len(form) < 16:
        return None
    tag, bits = int.from_bytes(form[:2], "little"), int.from_bytes(form[14:16], "little")
    if tag == 3 and bits == 32:
        return Sample(4, is_float=True)
    is_whole = tag in (1, 0xFFFE) and bits in (16, 24, 32)
    return Sample(bits // 8, is_float=False) if is_whole else None


def silent_end(read: Read, size: int, sample: Sample | None = None) -> Fault | None:
    """Why a file's silent end is doubted; `None` when it is not."""
    long = min(_LONG_BYTES, size // _LONG_SHARE)
    tail = read(size - long, long)
    sounding = tail.rstrip(b"\0")
    silent = len(tail) - len(sounding)
    if silent < (_LEAST_BYTES if sample else _LEAST_UNKNOWN_BYTES):
        return None
    if sounding and sample:
        # Samples are counted from the end; the last one may end in zeros of its own.
        whole = sounding.ljust(len(sounding) + silent % sample.width, b"\0")
        if sample.is_quiet(whole):
            return None
    return Fault(reason="its end is silent to the last bit: is it copied whole?", is_sure=False)
