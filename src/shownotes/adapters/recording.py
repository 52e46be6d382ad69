"""Files that hold sound: opening them, what they are, the hash of their packets.

Why PyAV: it brings FFmpeg's libraries in its wheel (no program to install) and hands out single
packets. What goes wrong on opening, in whatever class FFmpeg reports it, becomes one of our
`InputError`s here.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import av.error

from shownotes.adapters import containers
from shownotes.errors import (
    BrokenAudioError,
    EmptyFileError,
    EpisodeNotFoundError,
    InputError,
    NoSoundError,
    NotAudioError,
    TruncatedAudioError,
)

# How often reading is taken up again after the container itself was unreadable somewhere.
MAX_RESUMPTIONS = 1000
_LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a file is, without decoding it.

    Attributes:
        declared_s: seconds that the header promises; `None` when it promises nothing.
        is_constant_bit_rate: all packets have the same size, but for padding.
        length_s: seconds that the packets there are would last.
        start_s: where the sound track begins on the file's own timeline.
        tags: lower-case names as FFmpeg maps them, e.g. `title, album, track, date`.
        chapters: starts in seconds and titles.
    """

    container: str
    codec: str
    channels: int
    sample_rate_hz: int
    declared_s: float | None
    packets_sha256: str
    is_constant_bit_rate: bool
    length_s: float = 0.0
    start_s: float = 0.0
    is_cut_short: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    chapters: tuple[tuple[float, str], ...] = ()


def scan(path: Path) -> Scan:
    """Read all packets of a file once, without decoding them.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
    """
    with open_recording(path) as container:
        stream = sound_track(container, path)
        context = stream.codec_context
        digest = hashlib.sha256()
        sizes: dict[int, int] = {}
        ticks = 0
        for packet in packets(container, stream, lambda: None):
            if packet.size:
                digest.update(packet)
                sizes[packet.size] = sizes.get(packet.size, 0) + 1
                ticks += packet.duration or 0
        if not sizes:
            raise BrokenAudioError(nothing_in(path))
        promise = containers.read_promise(path, container.format.name)
        declared = promise.declared_s
        if declared is None and promise.trusts_container:
            declared = _declared(container, stream)
        return Scan(
            container=container.format.name,
            codec=context.codec.canonical_name,
            channels=context.channels or 1,
            sample_rate_hz=context.sample_rate or 0,
            declared_s=declared,
            packets_sha256=digest.hexdigest(),
            is_constant_bit_rate=_is_constant(sizes),
            length_s=ticks * float(stream.time_base or 0),
            start_s=_start(container, stream),
            is_cut_short=promise.is_cut_short,
            tags=_tags(container, stream),
            chapters=_chapters(container),
        )


def declared_length(path: Path) -> float | None:
    """Seconds that a file's header promises, without reading on; `None` when it promises nothing.

    A file that is no recording promises nothing.
    """
    try:
        with open_recording(path) as container:
            return _declared(container, sound_track(container, path))
    except InputError:
        return None


def packets(container: Any, stream: Any, lost: Callable[[], None]) -> Iterator[Any]:
    """Every packet, taking reading up again where the container is damaged."""
    for _ in range(MAX_RESUMPTIONS):
        try:
            yield from container.demux(stream)
        except av.FFmpegError:
            lost()
        else:
            return


@contextmanager
def open_recording(path: Path) -> Iterator[Any]:
    """Open a file with FFmpeg's libraries, and close it.

    Raises:
        InputError: one of its kinds, when it cannot be opened.
    """
    _check_is_file(path)
    try:
        # Only this file: a playlist in disguise must not make us open addresses.
        container = av.open(
            str(path), metadata_errors="replace", options={"protocol_whitelist": "file"}
        )
    except (av.FFmpegError, OSError, IndexError, ValueError) as error:
        raise _cannot_open(error, path) from error
    with container:
        yield container


def _check_is_file(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        kind = EpisodeNotFoundError if error.errno == errno.ENOENT else InputError
        raise kind(f"{path} cannot be opened: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise NotAudioError(f"{path} is not a file with audio but a folder or a device.")
    if not found.st_size:
        raise EmptyFileError(f"{path} is empty (0 bytes). Copy or export it again.")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} may not be read. Change its permissions and try again.")


def _cannot_open(error: Exception, path: Path) -> InputError:
    if containers.is_mp4_without_index(path):
        return TruncatedAudioError(
            f"{path} ends before the index that says where its sound is (moov), so nothing of it "
            f"can be read; {path.stat().st_size / 1e6:.1f} MB are there. Copy or export it again."
        )
    return NotAudioError(
        f"{path} is not audio that can be read ({error.__class__.__name__}). "
        "Is it really an audio file? Export it as MP3, M4A, WAV, FLAC or Opus and try again."
    )


def sound_track(container: Any, path: Path) -> Any:
    """The sound track: FFmpeg's choice when there are several."""
    name = container.format.name
    if name in containers.NOT_MEDIA or name.endswith("_pipe") or not len(container.streams):
        raise NotAudioError(
            f"{path} is not audio but a picture, a text or a playlist ({name}). "
            "Put the audio file itself here."
        )
    stream = container.streams.best("audio")
    if stream is None and container.streams.audio:
        raise BrokenAudioError(nothing_in(path))
    if stream is None:
        raise NoSoundError(
            f"{path} has no sound track, only pictures ({name}). Export it with its sound."
        )
    if stream.codec_context is None:
        raise NotAudioError(f"{path} has sound in a form that cannot be decoded. Export it as MP3.")
    layout = stream.codec_context.layout
    if layout.name == f"{layout.nb_channels} channels" and layout.nb_channels in _LAYOUTS:
        # A WAV that does not name its channels; filters refuse what has no name.
        stream.codec_context.layout = _LAYOUTS[layout.nb_channels]
    return stream


def nothing_in(path: Path) -> str:
    """What a `BrokenAudioError` says."""
    return f"{path} has a sound track, but nothing of it could be decoded. Export it again."


def _declared(container: Any, stream: Any) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _start(container: Any, stream: Any) -> float:
    """Seconds of nothing before the sound on an MP4's timeline; other formats begin at once."""
    if "mp4" not in container.format.name or not stream.start_time or not stream.time_base:
        return 0.0
    return max(0.0, float(stream.start_time * stream.time_base))


def _is_constant(sizes: Mapping[int, int]) -> bool:
    """Frames of a constant bit rate differ by a byte of padding; the last one may be torn."""
    usual = max(sizes, key=lambda size: sizes[size])
    near = sum(count for size, count in sizes.items() if abs(size - usual) <= 1)
    return near >= 0.99 * sum(sizes.values()) - 1


def _tags(container: Any, stream: Any) -> dict[str, str]:
    """Ogg keeps tags in the stream, others in the container."""
    both = {**stream.metadata, **container.metadata}
    return {key.lower(): value.replace("\0", "").strip() for key, value in both.items()}


def _chapters(container: Any) -> tuple[tuple[float, str], ...]:
    return tuple(
        (float(chapter["start"] * chapter["time_base"]), chapter["metadata"].get("title", ""))
        for chapter in container.chapters()
    )
