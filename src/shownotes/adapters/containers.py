"""What a file's own header promises, read from its bytes.

FFmpeg's libraries keep it to themselves: they take the length of a cut-off WAV or Ogg file from
what is there, and estimate that of an MP3 without a header of its own.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# What FFmpeg may use of its 370 demuxers and 500 decoders. The others are for pictures, texts, old
# games, and for playlists, which open files and addresses that strangers choose. The pictures of a
# film are not decoded either.
FORMATS = (
    *("aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "au", "avi", "caf", "dsf"),
    *("dts", "dtshd", "eac3", "flac", "flv", "gsm", "iff", "loas", "matroska", "mov", "mp3", "mpc"),
    *("mpc8", "mpeg", "mpegts", "mxf", "nut", "ogg", "qcp", "rm", "sox", "spdif", "tak", "truehd"),
    *("tta", "voc", "w64", "wav", "wv", "xwma"),
)
CODECS = (
    *("8svx_exp", "8svx_fib", "aac", "aac_fixed", "aac_latm", "ac3", "ac3_fixed", "adpcm_ima_qt"),
    *("adpcm_ima_wav", "adpcm_ms", "adpcm_swf", "adpcm_yamaha", "alac", "als", "amrnb", "amrwb"),
    *("ape", "cook", "dca", "dsd_lsbf", "dsd_lsbf_planar", "dsd_msbf", "dsd_msbf_planar", "eac3"),
    *("flac", "g722", "g723_1", "g726", "g726le", "g729", "gsm", "gsm_ms", "ilbc", "libopus"),
    *("libopencore_amrnb", "libopencore_amrwb", "mlp", "mp1", "mp1float", "mp2", "mp2float", "mp3"),
    *("mp3adu", "mp3float", "mp3on4", "mpc7", "mpc8", "nellymoser", "opus", "qcelp", "qdm2"),
    *("real_144", "real_288", "s302m", "sipr", "speex", "tak", "truehd", "truespeech", "tta"),
    *("vorbis", "wavpack", "wmalossless", "wmapro", "wmav1", "wmav2", "wmavoice"),
    *("pcm_alaw", "pcm_bluray", "pcm_dvd", "pcm_f16le", "pcm_f24le", "pcm_f32be", "pcm_f32le"),
    *("pcm_f64be", "pcm_f64le", "pcm_lxf", "pcm_mulaw", "pcm_s16be", "pcm_s16be_planar"),
    *("pcm_s16le", "pcm_s16le_planar", "pcm_s24be", "pcm_s24le", "pcm_s24le_planar", "pcm_s32be"),
    *("pcm_s32le", "pcm_s32le_planar", "pcm_s64be", "pcm_s64le", "pcm_s8", "pcm_s8_planar"),
    *("pcm_u16be", "pcm_u16le", "pcm_u24be", "pcm_u24le", "pcm_u32be", "pcm_u32le", "pcm_u8"),
)
# Options for opening a file: it alone, as sound alone.
ONLY_SOUND = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(FORMATS),
    "codec_whitelist": ",".join(CODECS),
}
# Containers that state no length, so that FFmpeg's is an estimate from the bit rate.
_ESTIMATED = frozenset(("aac", "ac3", "eac3", "dts", "amr", "loas", "mpeg", "mpegts"))
# Chunks that are looked at; no recorder writes a tenth of it.
_MOST_CHUNKS = 10_000
# No file is larger.
_MOST_BYTES = 2**62
# How much of an Ogg file's end is looked at: a page is at most 65 307 bytes.
_OGG_TAIL = 2 * 65_307


@dataclass(frozen=True, slots=True)
class Promise:
    """What the header says about the length.

    Attributes:
        trusts_container: FFmpeg's length is from the header, not from what is there.
        is_cut_short: the end is missing, however many seconds that may be.
    """

    declared_s: float | None = None
    trusts_container: bool = True
    is_cut_short: bool = False


def read_promise(path: Path, container: str) -> Promise:
    """Look for the promise of a file that FFmpeg calls a `container`."""
    readers = {"wav": _wav, "w64": _w64, "caf": _caf, "ogg": _ogg, "avi": _avi, "mp3": _mp3}
    reader = readers.get(container)
    if reader is None:
        return Promise(trusts_container=container not in _ESTIMATED)
    with path.open("rb") as file:
        return reader(file, path.stat().st_size)


def is_mp4_without_index(path: Path) -> bool:
    """Whether the file begins as an MP4 and ends before its index."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            boxes = list_boxes(file, 0, size)
    except OSError:
        return False
    names = [name for name, _ in boxes]
    return names[:1] == [b"ftyp"] and (b"moov" not in names or boxes[-1][1] > size)


def list_boxes(file: BinaryIO, begin: int, end: int) -> list[tuple[bytes, int]]:
    """Name and end of each box of an MP4, or of one in it (ISO/IEC 14496-12, 4.2)."""
    boxes: list[tuple[bytes, int]] = []
    at = begin
    while at + 8 <= end and len(boxes) < 1000:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        at = at + length if length >= 8 else end
        boxes.append((name, at))
    return boxes


def _wav(file: BinaryIO, size: int) -> Promise:
    """The data chunk's size over the bytes a second of the format chunk."""
    bytes_per_s = long_length = 0
    if file.read(12)[:4] not in (b"RIFF", b"RF64", b"BW64"):
        return Promise()
    for name, length in _chunks(file, "<4sI", padded_to=2):
        if name == b"fmt ":
            bytes_per_s = _number(file.read(12)[8:], "<I")
        elif name == b"ds64":
            # What does not fit into 32 bit (EBU Tech 3306).
            long_length = _number(file.read(16)[8:], "<Q")
        elif name == b"data":
            data = long_length if length == 0xFFFFFFFF else length
            # A recorder that streams does not know the size, and writes 0 or all ones.
            if not bytes_per_s or not data:
                return Promise()
            return Promise(data / bytes_per_s, is_cut_short=file.tell() + data > size)
    return Promise()


def _w64(file: BinaryIO, size: int) -> Promise:
    """As a WAV, with GUIDs for names and sizes of 64 bit that count the chunk's head."""
    bytes_per_s = 0
    file.seek(40)
    for guid, length in _chunks(file, "<16sQ", padded_to=8, counts_head=True):
        if guid[:4] == b"fmt ":
            bytes_per_s = _number(file.read(12)[8:], "<I")
        elif guid[:4] == b"data" and bytes_per_s and 0 < length < 2**63:
            return Promise(length / bytes_per_s, is_cut_short=file.tell() + length > size)
    return Promise()


def _caf(file: BinaryIO, size: int) -> Promise:
    """The data chunk's size, which is -1 while the recorder runs."""
    file.seek(8)
    for name, length in _chunks(file, ">4sq"):
        if name == b"data" and length >= 0:
            is_cut_short = file.tell() + length > size
            return Promise(trusts_container=not is_cut_short, is_cut_short=is_cut_short)
    return Promise()


def _avi(file: BinaryIO, size: int) -> Promise:
    """RIFFs, one after the other when it is longer than a gigabyte; the last one must be whole."""
    end = 0
    for _name, length in _chunks(file, "<4sI", padded_to=2):
        end = file.tell() + length
    return Promise(trusts_container=end <= size, is_cut_short=end > size)


def _chunks(
    file: BinaryIO, form: str, *, padded_to: int = 1, counts_head: bool = False
) -> Iterator[tuple[bytes, int]]:
    """Name and size of every chunk from here on; what is read of one does not matter."""
    head_size = struct.calcsize(form)
    for _ in range(_MOST_CHUNKS):
        head = file.read(head_size)
        if len(head) < head_size:
            return
        name, length = struct.unpack(form, head)
        length -= head_size * counts_head
        at = file.tell()
        yield name, length
        if not 0 <= length < _MOST_BYTES:
            return
        file.seek(at + length + -length % padded_to)


def _number(data: bytes, form: str) -> int:
    """The number that begins `data`; 0 where the file ends before."""
    size = struct.calcsize(form)
    return int(struct.unpack(form, data[:size])[0]) if len(data) >= size else 0


def _ogg(file: BinaryIO, size: int) -> Promise:
    """The last page carries a flag (RFC 3533, 6: header type 4), and is whole."""
    file.seek(max(0, size - _OGG_TAIL))
    tail = file.read()
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    lacing = page[27 : 27 + page[26]] if len(page) > 26 else b""
    ends = bool(lacing) and bool(page[5] & 4)
    ends = ends and len(lacing) == page[26] and len(page) >= 27 + len(lacing) + sum(lacing)
    return Promise(trusts_container=ends, is_cut_short=not ends)


def _mp3(file: BinaryIO, _size: int) -> Promise:
    return Promise(trusts_container=_has_mp3_length(file))


def _has_mp3_length(file: BinaryIO) -> bool:
    """Whether the first frame is a Xing, Info or VBRI header."""
    head = file.read(10)
    at = 0
    if head[:3] == b"ID3":
        at = 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(at)
    frame = file.read(4096)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))
