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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import av.error

from shownotes.adapters import containers
from shownotes.adapters.sound import Scan
from shownotes.errors import (
    BrokenAudioError,
    EmptyFileError,
    EpisodeNotFoundError,
    InputError,
    NoSoundError,
    NotAudioError,
    TruncatedAudioError,
)

# The longest working audio: its sizes are 32 bit, which is about 37 hours.
MOST_S = 37 * 3600.0
# Speech in the leanest codec takes three times as many bytes a second; only silence can take less,
# and an hour of that may be. What claims more is made to fill disks.
_LEAST_BYTES_A_SECOND, _FREE_S = 31.0, 3600.0
# Packets of a sound track of which one at least can be decoded, where it is one.
_PACKETS_TRIED = 2000
# How often reading is taken up again after the container itself was unreadable somewhere.
MAX_RESUMPTIONS = 1000
_LAYOUTS = {1: "mono", 2: "stereo"}


def scan(path: Path, *, advance: Callable[[float], None] = lambda _: None) -> Scan:
    """Read all packets of a file once, without decoding them.

    Args:
        path: any file with sound.
        advance: told the seconds read, after every packet.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
    """
    with open_recording(path) as container:
        stream = sound_track(container, path)
        context = stream.codec_context
        _check_said(_declared(container, stream), path)
        digest = hashlib.sha256()
        sizes: dict[int, int] = {}
        ticks, tick_s, longest_s = 0, float(stream.time_base or 0), longest_length(path)
        for packet in packets(container, stream, lambda: None):
            if packet.size:
                digest.update(packet)
                sizes[packet.size] = sizes.get(packet.size, 0) + 1
                ticks += packet.duration or 0
                check_length(ticks * tick_s, longest_s, path)
                advance(ticks * tick_s)
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
            length_s=ticks * tick_s,
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


def check_media(path: Path) -> None:
    """Look into a file for sound that can be decoded; a name proves nothing.

    Raises:
        InputError: one of its kinds, when there is none.
    """
    with open_recording(path) as container:
        stream = sound_track(container, path)
        for tried, packet in enumerate(packets(container, stream, lambda: None)):
            with suppress(av.FFmpegError):
                if any(frame.samples for frame in packet.decode()):
                    return
            if tried >= _PACKETS_TRIED:
                break
    raise BrokenAudioError(nothing_in(path))


def longest_length(path: Path) -> float:
    """How many seconds a file may hold, by its size."""
    return min(MOST_S, _FREE_S + path.stat().st_size / _LEAST_BYTES_A_SECOND)


def check_length(length_s: float, longest_s: float, path: Path) -> None:
    """Refuse a file that holds more than it may.

    Raises:
        InputError: it does.
    """
    if length_s <= longest_s:
        return
    if longest_s == MOST_S:
        raise InputError(f"{path} holds more than 37 hours of audio. Cut it and try again.")
    raise BrokenAudioError(
        f"{path} claims to hold more than {longest_s / 3600:.0f} hours in "
        f"{path.stat().st_size / 1e6:.1f} MB, which no recording does. Export it again."
    )


def _check_said(declared_s: float | None, path: Path) -> None:
    """Refuse what is too long by its header before it is read, where the file is as large as that.

    A small file whose header says so is damaged, and its sound may be good.
    """
    size = path.stat().st_size
    if declared_s and declared_s > MOST_S and size / declared_s >= _LEAST_BYTES_A_SECOND:
        check_length(declared_s, MOST_S, path)


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
        # Only this file: no other, whatever its name looks like to FFmpeg, and no address.
        container = av.open(
            f"file:{path.absolute()}", metadata_errors="replace", options=containers.ONLY_SOUND
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
    if not len(container.streams):
        raise NotAudioError(f"{path} is an empty container ({name}). Export it again.")
    stream = container.streams.best("audio")
    if stream is None and container.streams.audio:
        raise BrokenAudioError(nothing_in(path))
    if stream is None:
        raise NoSoundError(
            f"{path} has no sound track, only pictures ({name}). Export it with its sound."
        )
    if stream.codec_context is None or stream.codec_context.name not in containers.CODECS:
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
