"""What a file's own header promises, read from its bytes.

FFmpeg's libraries keep it to themselves: they take the length of a cut-off WAV or Ogg file from
what is there, and estimate that of an MP3 without a header of its own.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# FFmpeg's names for what can be opened and is no recording: pictures, texts, playlists.
NOT_MEDIA = frozenset(
    {
        "image2",
        "gif",
        "ico",
        "tty",
        "bin",
        "hls",
        "concat",
        "dash",
        "sdp",
        "rtsp",
        "ffmetadata",
        "srt",
        "webvtt",
        "ass",
        "lrc",
        "subviewer",
        "subviewer1",
        "microdvd",
        "mpl2",
        "jacosub",
        "sami",
    }
)
# Containers that state no length, so that FFmpeg's is an estimate from the bit rate.
_ESTIMATED = frozenset(("aac", "ac3", "eac3", "dts", "amr", "loas", "mpeg", "mpegts"))
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
    with path.open("rb") as file:
        if container == "wav":
            return _wav(file, path.stat().st_size)
        if container == "ogg":
            return _ogg(file, path.stat().st_size)
        if container == "mp3":
            return Promise(trusts_container=_has_mp3_length(file))
    return Promise(trusts_container=container not in _ESTIMATED)


def is_mp4_without_index(path: Path) -> bool:
    """Whether the file begins as an MP4 and ends before its index."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            boxes = list(_mp4_boxes(file, size))
    except OSError:
        return False
    names = [name for name, _ in boxes]
    return names[:1] == [b"ftyp"] and (b"moov" not in names or boxes[-1][1] > size)


def _mp4_boxes(file: BinaryIO, size: int) -> "list[tuple[bytes, int]]":
    """Name and end of each top-level box (ISO/IEC 14496-12, 4.2)."""
    boxes: list[tuple[bytes, int]] = []
    at = 0
    while at + 8 <= size and len(boxes) < 1000:
        file.seek(at)
        head = file.read(16)
        length, name = struct.unpack(">I4s", head[:8])
        if length == 1 and len(head) == 16:
            length = struct.unpack(">Q", head[8:])[0]
        at = at + length if length >= 8 else size
        boxes.append((name, at))
    return boxes


def _wav(file: BinaryIO, size: int) -> Promise:
    """The data chunk's size over the bytes a second of the format chunk."""
    riff = file.read(12)
    if riff[:4] != b"RIFF":
        return Promise()
    bytes_per_s = 0
    while len(head := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", head)
        if name == b"fmt ":
            chunk = file.read(length + length % 2)
            bytes_per_s = struct.unpack("<I", chunk[8:12])[0] if len(chunk) >= 12 else 0
        elif name == b"data":
            # A recorder that streams does not know the size, and writes 0 or all ones.
            if not bytes_per_s or length in (0, 0xFFFFFFFF):
                return Promise()
            return Promise(length / bytes_per_s, is_cut_short=file.tell() + length > size)
        else:
            file.seek(length + length % 2, 1)
    return Promise()


def _ogg(file: BinaryIO, size: int) -> Promise:
    """The last page carries a flag (RFC 3533, 6: header type 4)."""
    file.seek(max(0, size - _OGG_TAIL))
    tail = file.read()
    last = tail.rfind(b"OggS")
    ends = last >= 0 and len(tail) > last + 5 and bool(tail[last + 5] & 4)
    return Promise(trusts_container=ends, is_cut_short=not ends)


def _has_mp3_length(file: BinaryIO) -> bool:
    """Whether the first frame is a Xing, Info or VBRI header."""
    head = file.read(10)
    at = 0
    if head[:3] == b"ID3":
        at = 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(at)
    frame = file.read(4096)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))
