"""Files that are wrong in every way we could think of, made from a seed.

Nothing here is of others: sound comes from our own synthesiser, containers from PyAV's encoders,
and what is wrong with them from the generators below.
"""

import gzip
import io
import os
import socket
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.audio_files import picture, speech, video

RATE_HZ = 16_000
Rng = np.random.Generator
# Ending, encoder and rate of the sound files that are damaged.
_FORMATS = (
    ("mp3", "libmp3lame", 16_000),
    ("m4a", "aac", 16_000),
    ("opus", "libopus", 48_000),
    ("flac", "flac", 16_000),
    ("wav", "pcm_s16le", 16_000),
    ("ogg", "vorbis", 16_000),
    ("mka", "libopus", 48_000),
    ("webm", "libopus", 48_000),
    ("aac", "aac", 16_000),
    ("ac3", "ac3", 48_000),
    ("ts", "mp2", 48_000),
    ("aiff", "pcm_s16be", 16_000),
    ("caf", "pcm_s16be", 16_000),
    ("w64", "pcm_s16le", 16_000),
    ("wma", "wmav2", 16_000),
    ("wv", "wavpack", 16_000),
    ("tta", "tta", 16_000),
    ("avi", "libmp3lame", 16_000),
    ("flv", "libmp3lame", 44_100),
    ("mov", "alac", 16_000),
    ("mpg", "mp2", 48_000),
    ("amr", "amr_nb", 8_000),
)
# Their headers state no length, or an end that is missing leaves no trace: nobody can tell.
TELLS_NO_LENGTH = frozenset(("aac", "ac3", "ts", "amr", "mpg", "avi", "flv", "mp3"))


@dataclass(frozen=True, slots=True)
class Case:
    """A hostile file.

    Attributes:
        kind: what is wrong with it.
        name: of the file in the in-tray; may hold anything that a file system takes.
        make: puts it at a path.
        is_whole: its sound is all there, so that it has to be decoded in full or refused.
    """

    kind: str
    name: str
    make: Callable[[Path], None]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Canary:
    """What nobody may touch: a sound file and a text outside, and an address."""

    audio: Path
    text: Path
    url: str


def cases(count: int, seed: int, canary: Canary) -> list[Case]:
    """At least `count` cases: everything that is made by hand, the rest damaged at random."""
    by_hand = [
        *_empty_and_tiny(),
        *_lying_wavs(),
        *_lying_others(),
        *_not_sound(),
        *_bombs(),
        *_references(canary),
        *_strange_names(),
        *_not_regular(canary),
    ]
    damage = cycle(_DAMAGES.items())
    formats = cycle(_FORMATS)
    rng = np.random.default_rng(seed)
    rest: list[Case] = []
    while len(by_hand) + len(rest) < count:
        kind, how = next(damage)
        # 22 formats and 10 kinds of damage: without this only half of the pairs would meet.
        ending = next(formats)[0] if rng.random() < 0.9 else str(rng.choice([*_endings()]))
        one = np.random.default_rng((seed, len(rest)))
        rest.append(_damaged(f"{len(rest):04d}-{kind}.{ending}", kind, how, ending, one))
    return [*by_hand, *rest]


def _endings() -> tuple[str, ...]:
    return tuple(ending for ending, _, _ in _FORMATS)


# --------------------------------------------------------------------------- what is whole


@cache
def whole(ending: str) -> bytes:
    """Four seconds of speech in a format."""
    codec, rate = next((codec, rate) for e, codec, rate in _FORMATS if e == ending)
    samples = speech(pause=0.3, rate_hz=rate)[: 4 * rate]
    memory = io.BytesIO()
    kind = {"wma": "asf", "m4a": "ipod", "mka": "matroska", "ts": "mpegts", "aac": "adts"}
    other = {"mpg": "mpeg"}
    with av.open(memory, "w", format={**kind, **other}.get(ending, ending)) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        # FFmpeg's own Vorbis encoder knows stereo only, and calls itself an experiment.
        stream.layout = layout = "stereo" if codec == "vorbis" else "mono"
        stream.codec_context.options = {"strict": "experimental"}
        if not codec.startswith(("pcm", "flac", "alac", "amr")):
            stream.bit_rate = 64_000
        resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate)
        whole_samples = (samples * 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(whole_samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        size = stream.codec_context.frame_size or 1024
        fifo = av.AudioFifo()
        for part in resampler.resample(frame):
            part.pts = None
            fifo.write(part)
        at = 0
        while (piece := fifo.read(size, partial=True)) is not None:
            piece.pts, piece.sample_rate, at = at, rate, at + piece.samples
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return memory.getvalue()


# --------------------------------------------------------------------------- damaged at random


def _damaged(
    name: str, kind: str, how: Callable[[bytearray, Rng], bytearray], ending: str, rng: Rng
) -> Case:
    return Case(kind, name, lambda p: _write(p, bytes(how(bytearray(whole(ending)), rng))))


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _flip_some(data: bytearray, rng: Rng) -> bytearray:
    """One to fifty bits, anywhere: in the header as well."""
    for at in rng.integers(0, len(data), int(rng.integers(1, 50))):
        data[at] ^= 1 << int(rng.integers(0, 8))
    return data


def _flip_many(data: bytearray, rng: Rng) -> bytearray:
    """A twentieth of all bytes after the header."""
    for at in rng.integers(min(200, len(data) - 1), len(data), len(data) // 20):
        data[at] = int(rng.integers(0, 256))
    return data


def _flip_head(data: bytearray, rng: Rng) -> bytearray:
    """A few bytes of the first 200."""
    for at in rng.integers(0, min(200, len(data)), int(rng.integers(1, 9))):
        data[at] = int(rng.integers(0, 256))
    return data


def _cut_tail(data: bytearray, rng: Rng) -> bytearray:
    return data[: int(rng.integers(1, len(data)))]


def _cut_head(data: bytearray, rng: Rng) -> bytearray:
    return data[int(rng.integers(1, len(data))) :]


def _cut_middle(data: bytearray, rng: Rng) -> bytearray:
    first, last = sorted(rng.integers(0, len(data), 2))
    return data[:first] + data[last:]


def _hole(data: bytearray, rng: Rng) -> bytearray:
    first, last = sorted(rng.integers(0, len(data), 2))
    data[first:last] = bytes(int(last - first))
    return data


def _swap(data: bytearray, rng: Rng) -> bytearray:
    a, b, c = sorted(rng.integers(0, len(data), 3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


def _lie(data: bytearray, rng: Rng) -> bytearray:
    """A number in the header or anywhere replaced by one of those that overflow."""
    numbers = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x10000, 0x7FFF)
    reach = 300 if rng.random() < 0.7 else len(data)
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, max(1, min(reach, len(data)) - 8)))
        number, size = int(rng.choice(numbers)), rng.choice(("<I", ">I", "<H", ">H"))
        lie = struct.pack(str(size), number & (0xFFFF if "H" in size else 0xFFFFFFFF))
        data[at : at + len(lie)] = lie
    return data


def _graft(data: bytearray, rng: Rng) -> bytearray:
    """The beginning of this format, and the rest of another."""
    other = whole(str(rng.choice(_endings())))
    return data[: int(rng.integers(1, len(data)))] + other[int(rng.integers(0, len(other))) :]


_DAMAGES: dict[str, Callable[[bytearray, Rng], bytearray]] = {
    "bits-flipped": _flip_some,
    "many-flipped": _flip_many,
    "header-flipped": _flip_head,
    "tail-cut": _cut_tail,
    "head-cut": _cut_head,
    "middle-cut": _cut_middle,
    "zero-hole": _hole,
    "chunks-swapped": _swap,
    "header-lies": _lie,
    "grafted": _graft,
}


# --------------------------------------------------------------------------- made by hand


def _of(kind: str, name: str, data: bytes, *, is_whole: bool = False) -> Case:
    return Case(kind, name, lambda path: _write(path, data), is_whole)


def _empty_and_tiny() -> Iterator[Case]:
    for ending in ("mp3", "m4a", "wav", "flac", "ogg", "mp4"):
        yield _of("empty", f"empty-{ending}.{ending}", b"")
    for ending in _endings():
        for size in (1, 4, 12, 44, 64):
            yield _of("tiny", f"{ending}-first-{size}.{ending}", whole(ending)[:size])


def wav(
    *,
    rate: int = RATE_HZ,
    channels: int = 1,
    bits: int = 16,
    form: int = 1,
    byte_rate: int | None = None,
    align: int | None = None,
    data_size: int | None = None,
    riff_size: int | None = None,
    samples: bytes = b"",
) -> bytes:
    """A WAV whose header may say anything."""
    samples = samples or whole("wav")[44:]
    byte_rate = rate * channels * bits // 8 if byte_rate is None else byte_rate
    align = channels * bits // 8 if align is None else align
    told = struct.pack(
        "<HHIIHH",
        form,
        channels & 0xFFFF,
        rate & 0xFFFFFFFF,
        byte_rate & 0xFFFFFFFF,
        align & 0xFFFF,
        bits & 0xFFFF,
    )
    size = len(samples) if data_size is None else data_size
    riff = 36 + len(samples) if riff_size is None else riff_size
    head = struct.pack("<4sI4s4sI", b"RIFF", riff & 0xFFFFFFFF, b"WAVE", b"fmt ", 16)
    return head + told + struct.pack("<4sI", b"data", size & 0xFFFFFFFF) + samples


def _lying_wavs() -> Iterator[Case]:
    sizes = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
    for size in sizes:
        yield _of("lying-size", f"data-{size:x}.wav", wav(data_size=size))
        yield _of("lying-size", f"riff-{size:x}.wav", wav(riff_size=size))
    for rate in (0, 1, 2, 7, 99, 384_000, 10_000_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        yield _of("absurd-rate", f"rate-{rate}.wav", wav(rate=rate))
        yield _of("absurd-rate", f"rate-{rate}-honest.wav", wav(rate=rate, byte_rate=32_000))
    for channels in (0, 3, 9, 17, 64, 255, 256, 1024, 32_768, 65_535):
        yield _of("absurd-channels", f"channels-{channels}.wav", wav(channels=channels))
        yield _of("absurd-channels", f"ch-{channels}-align.wav", wav(channels=channels, align=2))
    for bits in (0, 1, 3, 7, 12, 20, 33, 64, 255, 65_535):
        yield _of("absurd-bits", f"bits-{bits}.wav", wav(bits=bits))
    for form in (0, 2, 3, 6, 7, 0x11, 0x31, 0x45, 0x50, 0x55, 0x69, 0xFF, 0x161, 0xFFFE, 0xFFFF):
        yield _of("lying-format", f"format-{form:x}.wav", wav(form=form))
        yield _of("lying-format", f"format-{form:x}-a.wav", wav(form=form, align=0, bits=0))
    for align in (0, 1, 3, 65_535):
        yield _of("lying-align", f"align-{align}.wav", wav(align=align))


def _flac(rate: int, channels: int, bits: int, total: int, block: int = 4096) -> bytes:
    """A FLAC with a stream header that says anything, before real frames."""
    real = whole("flac")
    packed = (rate & 0xFFFFF) << 44 | (channels - 1 & 7) << 41 | (bits - 1 & 31) << 36
    packed |= total & 0xFFFFFFFFF
    info = struct.pack(">HH", block, block) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    frames = real[real.find(b"\xff\xf8", 42) :]
    return b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info + frames


def _lying_others() -> Iterator[Case]:
    for rate in (0, 1, 7, 655_350, 1_048_575):
        yield _of("absurd-rate", f"rate-{rate}.flac", _flac(rate, 1, 16, 64_000))
    for bits, channels in ((1, 1), (4, 8), (32, 8), (24, 5)):
        yield _of("absurd-bits", f"b{bits}c{channels}.flac", _flac(16_000, channels, bits, 0))
    for total in (1, 2**36 - 1, 2**31):
        yield _of("lying-size", f"total-{total}.flac", _flac(16_000, 1, 16, total))
    yield from (
        _of("lying-size", f"{name}-{number:x}.m4a", _boxed(name.encode(), number))
        for name in ("moov", "trak", "stsz", "stts", "stco", "mdhd", "stsd", "elst", "mdat")
        for number in (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF)
    )
    for name in ("stsz", "stts", "stsc", "stco", "elst", "mdhd", "mvhd", "tkhd"):
        for number in (0, 0x7FFFFFFF, 0xFFFFFFFF):
            yield _of("lying-count", f"{name}-n{number:x}.m4a", _counted(name.encode(), number))
    aiff = bytearray(whole("aiff"))
    at = aiff.find(b"COMM")
    for lie in (bytes(10), b"\xff" * 10, b"\x7f\xff" + b"\xff" * 8):
        yield _of("absurd-rate", f"rate-{lie.hex()}.aiff", bytes(_put(aiff, at + 16, lie)))
    for channels in (0, 255, 65_535):
        told = struct.pack(">H", channels)
        yield _of("absurd-channels", f"channels-{channels}.aiff", bytes(_put(aiff, at + 8, told)))
    for size in (0x7FFFFFFF, 0x0FFFFFFF, 100, 0):
        told = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
        for version in (2, 3, 4):
            tag = b"ID3" + bytes((version, 0, 0)) + told
            yield _of("lying-size", f"id3v2{version}-{size:x}.mp3", tag + whole("mp3"))


def _put(data: bytearray, at: int, lie: bytes) -> bytearray:
    return data[:at] + lie + data[at + len(lie) :]


def _boxed(name: bytes, size: int) -> bytes:
    """An M4A in which one box lies about its size."""
    data = bytearray(whole("m4a"))
    at = data.find(name)
    return bytes(_put(data, at - 4, struct.pack(">I", size))) if at > 4 else bytes(data)


def _counted(name: bytes, count: int) -> bytes:
    """An M4A in which one table lies about how much is in it, or a head about its time scale."""
    data = bytearray(whole("m4a"))
    at = data.find(name)
    return bytes(_put(data, at + 8, struct.pack(">III", count, count, count)))


def _not_sound() -> Iterator[Case]:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escape.txt", "out")
        archive.writestr("ep.mp3", whole("mp3"))
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("../escape.txt"), io.BytesIO())
    contents = {
        "zip": memory.getvalue(),
        "tar": tar.getvalue(),
        "gz": gzip.compress(whole("mp3"), mtime=0),
        "html": b"<!doctype html><html><body><script>alert(1)</script></body></html>" * 20,
        "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "json": b'{"tracks": [{"url": "file:///etc/passwd"}]}',
        "pdf": b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n" * 50,
        "elf": b"\x7fELF" + bytes(range(256)) * 8,
        "sh": b"#!/bin/sh\ntouch CANARY\n",
        "py": b"import os\nos.system('touch CANARY')\n",
        "laughs": b'<!DOCTYPE l [<!ENTITY a "ha">' + b'<!ENTITY b "&a;&a;">' * 40 + b"]><l>&b;</l>",
        "gif": b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0) + bytes(60),
        "bmp": b"BM" + struct.pack("<IIIIii", 70, 0, 54, 40, 65_535, 65_535) + bytes(60),
        "jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + bytes(400),
        "zeros": bytes(100_000),
        "ones": b"\xff" * 100_000,
        "srt": b"1\n00:00:00,000 --> 00:00:02,000\nHello\n",
        "noise": np.random.default_rng(1).bytes(200_000),
        "sync": b"\xff\xfb\x90\x00" * 20_000,
        "oggs": b"OggS" * 20_000,
        "riffs": b"RIFF\x00\x00\x00\x00WAVE" * 5_000,
        "ftyps": b"\x00\x00\x00\x08ftyp" * 5_000,
        "nested": b"".join(struct.pack(">I4s", 8 * (4_000 - n), b"moov") for n in range(4_000)),
    }
    for name, data in contents.items():
        for ending in ("mp3", "m4a", "wav"):
            yield _of("not-sound", f"{name}-{ending}.{ending}", data)
    for ending in ("mp3", "m4a", "mkv"):
        yield Case("picture", f"png-{ending}.{ending}", picture)
    yield Case("video-without-sound", "silent.mp4", lambda p: video(p, sound=None))
    yield Case("video-without-sound", "silent.mov", lambda p: video(p, sound=None))
    yield Case("video-without-sound", "silent.avi", lambda p: video(p, sound=None))
    for ending in ("mp4", "mkv", "mov"):
        yield Case("video", f"film-{ending}.{ending}", _film, is_whole=True)
    yield _of("cover-art-only", "cover.mp3", _id3(_apic(_png(64, 64))))
    yield _of("cover-art-only", "cover-large.mp3", _id3(_apic(bytes(3_000_000))))
    yield Case("cover-art-only", "cover.m4a", _picture_in_mp4)


def _film(path: Path) -> None:
    video(path, sound=speech(pause=0.2, rate_hz=44_100)[:88_200])


def _picture_in_mp4(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        grey = np.full((64, 64, 3), 128, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))


def _png(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(body or bytes(3 * width * height + height))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def _apic(image: bytes) -> bytes:
    frame = b"\x00image/png\x00\x03\x00" + image
    return b"APIC" + struct.pack(">I", len(frame)) + b"\0\0" + frame


def _id3(*frames: bytes) -> bytes:
    body = b"".join(frames)
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


# --------------------------------------------------------------------------- bombs


def constant_flac(seconds: float, rate: int = 8_000) -> bytes:
    """Silence whose every block of 65 535 samples takes a dozen bytes."""
    blocks = max(1, round(seconds * rate / 65_535))
    total = blocks * 65_535
    packed = rate << 44 | 15 << 36 | total & 0xFFFFFFFFF
    info = struct.pack(">HH", 65_535, 65_535) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    out = bytearray(b"fLaC\x80" + len(info).to_bytes(3, "big") + info)
    for number in range(blocks):
        head = b"\xff\xf8" + bytes((0x70 | 4, 0x08)) + _utf8(number) + struct.pack(">H", 65_534)
        head += bytes((_crc8(head),))
        frame = head + b"\x00\x00\x00"
        out += frame + struct.pack(">H", _crc16(frame))
    return bytes(out)


def _utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005) & 0xFFFF if crc & 0x8000 else crc << 1 & 0xFFFF
    return crc


def _bombs() -> Iterator[Case]:
    yield _of("bomb", "bomb-30h.flac", constant_flac(30 * 3600))
    yield _of("bomb", "bomb-200h.flac", constant_flac(200 * 3600))
    huge = zlib.compress(bytes(200_000_000), 9)
    frame = struct.pack(">I", 200_000_000) + huge
    compressed = b"APIC" + struct.pack(">I", len(frame)) + b"\0\x80" + frame
    yield _of("bomb", "bomb-id3.mp3", _id3(compressed) + whole("mp3"))
    lying = struct.pack(">I", 0x7FFFFFFF) + zlib.compress(bytes(1000))
    frame = b"TIT2" + struct.pack(">I", len(lying)) + b"\0\x80" + lying
    yield _of("bomb", "bomb-id3-lies.mp3", _id3(frame) + whole("mp3"))
    yield _of(
        "bomb",
        "bomb-cover.mp3",
        _id3(_apic(_png(20_000, 20_000, bytes(50_000_000)))) + whole("mp3"),
    )
    packed = zlib.compress(bytes(100_000_000), 9)
    inner = struct.pack(">I4sI", 12, b"dcom", 0x7A6C6962)
    inner += struct.pack(">I4sI", 12 + len(packed), b"cmvd", 0x7FFFFFF0) + packed
    cmov = struct.pack(">I4s", 8 + len(inner), b"cmov") + inner
    moov = struct.pack(">I4s", 8 + len(cmov), b"moov") + cmov
    yield _of(
        "bomb", "bomb-cmov.mp4", struct.pack(">I4s4sI4s", 20, b"ftyp", b"qt  ", 0, b"qt  ") + moov
    )
    for title in (1_000_000, 12_000_000):
        text = b"\x03" + b"A" * title
        tit2 = b"TIT2" + struct.pack(">I", len(text)) + b"\0\0" + text
        yield _of("bomb", f"title-{title}.mp3", _id3(tit2) + whole("mp3"), is_whole=True)
    many = b"".join(_chap(n) for n in range(20_000))
    yield _of("bomb", "chapters-20000.mp3", _id3(many) + whole("mp3"), is_whole=True)
    yield Case("bomb", "sparse-1TB-wav.wav", _sparse(wav(data_size=0xFFFFFFFF)))
    yield Case("bomb", "sparse-1TB-w64.w64", _sparse(whole("w64")))
    yield Case("bomb", "sparse-50GB.mp3", _sparse(whole("mp3"), size=50 * 10**9))
    yield Case("bomb", "sparse-1TB-m4a.m4a", _sparse(whole("m4a")))
    yield Case("bomb", "sparse-1TB-flac.flac", _sparse(whole("flac")))
    yield Case("bomb", "sparse-1TB-ogg.ogg", _sparse(whole("ogg")))
    yield Case("bomb", "sparse-1TB.bin.mp3", _sparse(b""))


def _chap(number: int) -> bytes:
    body = b"c%d\0" % number + struct.pack(">IIII", number, number + 1, 0xFFFFFFFF, 0xFFFFFFFF)
    return b"CHAP" + struct.pack(">I", len(body)) + b"\0\0" + body


def _sparse(head: bytes, size: int = 10**12) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(head)
        os.truncate(path, size)

    return make


# --------------------------------------------------------------------------- pointing elsewhere


def _references(canary: Canary) -> Iterator[Case]:
    """Playlists and containers that name a file outside, or an address."""
    steps_up = "/".join([".."] * 12) + str(canary.audio)
    for what, target in (
        ("file", str(canary.audio)),
        ("uri", canary.audio.as_uri()),
        ("up", steps_up),
        ("url", canary.url),
        ("tcp", canary.url.replace("http", "tcp").rstrip("/")),
        ("subfile", f"subfile,,start,0,end,0,,:{canary.audio}"),
        ("concat", f"concat:{canary.audio}|{canary.audio}"),
        ("neighbour", "neighbour.mp3"),
    ):
        for kind, text in _playlists(target).items():
            # Some are only recognised under their own ending, which somebody may name.
            for ending in ("mp3", "ts", kind.partition("-")[0]):
                yield _of("reference", f"{kind}-{what}-{ending}.{ending}", text.encode())
        yield _of("reference", f"dref-{what}.mov", _dref(target))
        yield _of("reference", f"rdrf-{what}.mov", _rdrf(target))
    for name in ("pic%03d.mp3", "pic%d.jpg.mp3", "*.mp3", "ep?.mp3", "{a,b}.mp3"):
        yield _of("reference", name, whole("mp3"), is_whole=True)


def _playlists(target: str) -> dict[str, str]:
    return {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "m3u8-key": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n"
        f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:10,\nx.ts\n#EXT-X-ENDLIST\n',
        "m3u8-map": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n"
        f'#EXT-X-MAP:URI="{target}"\n#EXTINF:10,\nx.ts\n#EXT-X-ENDLIST\n',
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio 5004 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n",
        "mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="audio/mp4">'
        f"<Representation id='1' bandwidth='1'><BaseURL>{target}</BaseURL></Representation>"
        "</AdaptationSet></Period></MPD>",
        "asx": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "rtsp": f"rtsp://127.0.0.1/{target}",
        "asf-ref": f"[Reference]\nRef1={target}\n",
        "idx": "# VobSub index file, v7\n" + f"id: en, index: 0\n# {target}\n",
        "ffmeta": f";FFMETADATA1\ntitle={target}\n",
        "smil": f'<smil><body><audio src="{target}"/></body></smil>',
        "sbg": f"-i {target}\na: {target}\nNOW a\n",
    }


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _dref(target: str) -> bytes:
    """A film whose sound lies in another file, by both ways that QuickTime has."""
    data = whole("mov")
    at = data.find(b"dref")
    end = at - 4 + struct.unpack(">I", data[at - 4 : at])[0]
    place = target.encode()[:200]
    alias = bytes(10) + bytes((27,)) + b"disk".ljust(27, b"\0") + bytes(16)
    alias += struct.pack(">HHHI", 2, len(place), 0, 0) + place
    url = _box(b"url ", bytes(4) + place + b"\0")
    entries = _box(b"alis", bytes(4) + alias) + url
    new = _box(b"dref", struct.pack(">II", 0, 2) + entries)
    grown = len(new) - (end - (at - 4))
    out = bytearray(data[: at - 4] + new + data[end:])
    for name in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place_at = out.find(name) - 4
        size = struct.unpack(">I", out[place_at : place_at + 4])[0]
        out[place_at : place_at + 4] = struct.pack(">I", size + grown)
    return bytes(out)


def _rdrf(target: str) -> bytes:
    place = target.encode()
    rdrf = _box(b"rdrf", struct.pack(">I4sI", 0, b"url ", len(place)) + place)
    return _box(b"ftyp", b"qt  " + bytes(4)) + _box(b"moov", _box(b"rmra", _box(b"rmda", rdrf)))


# --------------------------------------------------------------------------- names


def _strange_names() -> Iterator[Case]:
    stems = (
        *("line\nbreak", "\ttab", "bell\x07", "escape\x1b[31mred", "\x7fdelete", "cr\rlf"),
        *("right-\u202eto-left", "zero\u200bwidth", "\ufeffmark", "combining\u0301" * 30),
        *("\U0001f399 emoji", "ümläut", "日本語のエピソード", "العربية", "\u2028separator"),
        *("-rf", "--help", "-", "~root", "$(touch CANARY)", "`touch CANARY`", "; touch CANARY"),
        *("a&b|c>d<e", "quote'\"quote", "back\\slash", "C:\\Windows\\x", "CON", "NUL.tar"),
        *("http:", "file:x", "concat:a|b", "pipe:0", "subfile,,start,0,end,9,,:x", "data:,x"),
        *("{{ 7*7 }}", "{% raw %}", "<script>alert(1)</script>", "[x](javascript:alert(1))"),
        *("a" * 251, "é" * 125, "…" * 83, " leading", "trailing ", "dot.", "..", "...", "....x"),
        *("%s%n%x", "%00", "..%2f..%2fetc", "\\..\\..\\x", "nul\u2400l", "'; DROP TABLE x;--"),
        *("1e999", "0", "00", "null", "true", "NaN", "#hash", "?query", "a/../b".replace("/", "∕")),
    )
    for stem in stems:
        yield _of("name", f"{stem}.mp3", whole("mp3"), is_whole=True)
    for raw in (b"latin\xe9.mp3", b"\xff\xfe\xfd.mp3", b"half\xe2\x82.wav", b"\xed\xa0\x80.mp3"):
        ending = os.fsdecode(raw).rsplit(".", 1)[1]
        yield _of("name-not-utf8", os.fsdecode(raw), whole(ending), is_whole=True)
    for ending in ("MP3", "Mp3", "mP3"):
        yield _of("name", f"capital-{ending}-.{ending}", whole("mp3"), is_whole=True)


# --------------------------------------------------------------------------- no plain files


def _not_regular(canary: Canary) -> Iterator[Case]:
    def link(target: str | Path) -> Callable[[Path], None]:
        return lambda path: path.symlink_to(target)

    yield Case("link-outside", "link.mp3", link(canary.audio))
    yield Case("link-outside", "link.wav", link(canary.audio))
    up = os.path.join(*[".."] * 14, *canary.audio.parts[1:])  # noqa: PTH118 - not to be resolved
    yield Case("link-outside", "link-up.mp3", link(up))
    yield Case("link-outside", "link-text.txt", link(canary.text))
    yield Case("link-outside", "link-passwd.mp3", link("/etc/passwd"))
    yield Case("link-loop", "loop.mp3", lambda path: path.symlink_to(path.name))
    yield Case("link-dangling", "gone.mp3", link("nowhere.mp3"))
    yield Case("link-device", "zero.mp3", link("/dev/zero"))
    yield Case("link-device", "random.wav", link("/dev/urandom"))
    yield Case("link-device", "memory.mp3", link("/proc/self/mem"))
    yield Case("folder", "folder.mp3", lambda path: path.mkdir())
    yield Case("fifo", "fifo.mp3", _fifo)
    yield Case("fifo", "fifo.txt", _fifo)
    yield Case("socket", "socket.mp3", _socket)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield Case("device", "device.mp3", _device(1, 5))
        yield Case("device", "device.wav", _device(1, 9))
        yield Case("device", "full.mp3", _device(1, 7))
    for sidecar in (".toml", ".txt", ".vtt", ".srt", ".json"):
        yield Case("link-beside", f"beside{sidecar[1:]}.mp3", _beside(sidecar, canary))
        yield Case("fifo-beside", f"fifo-beside{sidecar[1:]}.mp3", _fifo_beside(sidecar), True)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _device(major: int, minor: int) -> Callable[[Path], None]:
    return lambda path: os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(major, minor))


def _socket(path: Path) -> None:
    """A socket's name; bound in its folder, because the whole path may be too long for one."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _beside(ending: str, canary: Canary) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(whole("mp3"))
        path.with_suffix(ending).symlink_to(canary.text)

    return make


def _fifo_beside(ending: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(whole("mp3"))
        os.mkfifo(path.with_suffix(ending))

    return make


def kinds(found: Sequence[Case]) -> list[str]:
    """What is wrong with them, each once, in order."""
    return list(dict.fromkeys(case.kind for case in found))
