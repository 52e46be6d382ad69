"""Sound out of files of strangers, read in a process of its own (`adapters/sound_process.py`).

FFmpeg's demuxers and decoders are native code that reads whatever was dropped. In a child process
a crash, a hang or a run on memory costs one file, and the batch goes on. The child is started with
the first file, kept for the next ones and ends by itself when there are none; it costs a fifth of a
second, part of which the imports would cost here.

A file that has come through this once is read by the same decoders here when it is published.
"""

import atexit
import signal
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from shownotes import errors
from shownotes.adapters.child_process import Child, ChildDied, ChildFailed, ChildSilent
from shownotes.errors import BrokenAudioError, DecoderError, InputError, ShowNotesError
from shownotes.model import Loudness, Span

# Processor time the child may take without a word of progress, in seconds. A second of sound takes
# it a few milliseconds; what takes this long never ends.
MOST_CPU_S = 30.0
# The longest it may wait for the disk without a word, in seconds: network drives fall asleep.
SILENCE_S = 300.0
# In all: this, and so much a second of sound and a megabyte of file, in seconds.
_DEADLINE_S, _S_A_SECOND, _S_A_MEGABYTE = 600.0, 1.0, 1.0
# Signals by which a process ends over what it was doing, not because somebody ended it.
_CRASHES = {
    number
    for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL")
    if (number := getattr(signal, name, None)) is not None
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one pass over a file is to make.

    Attributes:
        wavs: working audio, and the channel that goes into it (0 or 1; `None` for all mixed).
        speech: listen for speech in each of them.
        loudness: measure the file's.
        people: find out whether one person speaks on each of two channels.
        known_speech: when anybody speaks, where that is not listened for.
    """

    wavs: Sequence[tuple[Path, int | None]] = ()
    speech: bool = False
    loudness: bool = False
    people: bool = False
    known_speech: Sequence[Span] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one pass over a file told.

    Attributes:
        decoded_s: seconds of sound.
        duration: of the working audio: with the silence that stands for what was lost.
        broken_packets: packets that could not be decoded, or places that could not be read.
        speech: in each of the working audios.
        has_two_people: one on each channel.
    """

    decoded_s: float
    duration: float
    broken_packets: int
    loudness: Loudness | None = None
    speech: tuple[tuple[Span, ...], ...] = ()
    has_two_people: bool = False


_SCAN = TypeAdapter(Scan)
_HEARD = TypeAdapter(Heard)


def scan(path: Path) -> Scan:
    """Read all packets of a file once, without decoding them.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
        DecoderError: what reads it ended, and not over the file.
    """
    return _SCAN.validate_python(_ask({"do": "scan"}, path))


def declared_length(path: Path) -> float | None:
    """Seconds that a file's header promises, without reading on; `None` when it promises nothing.

    A file that is no recording promises nothing.
    """
    try:
        length = _ask({"do": "length"}, path)
    except InputError:
        return None
    return None if length is None else float(length)


def check_media(path: Path) -> None:
    """Look into a file for sound that can be decoded; a name proves nothing.

    Raises:
        InputError: one of its kinds, when there is none.
        DecoderError: what reads it ended, and not over the file.
    """
    _ask({"do": "check"}, path)


def hear(
    path: Path,
    wanted: Wanted,
    *,
    length_s: float,
    advance: Callable[[float], None] = lambda _: None,
) -> Heard:
    """Decode a file once, for everything that is wanted of it.

    Args:
        path: any file with sound.
        wanted: what is to be made on the way.
        length_s: seconds it should last, by its scan.
        advance: told the seconds done; what it raises ends the work.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
        DecoderError: what decodes it ended, and not over the file.
        StoreError: working audio cannot be written.
    """
    message = {
        "do": "hear",
        "wavs": [[str(wav), channel] for wav, channel in wanted.wavs],
        "speech": wanted.speech,
        "loudness": wanted.loudness,
        "people": wanted.people,
        "known_speech": [[span.start, span.end] for span in wanted.known_speech],
    }
    return _HEARD.validate_python(_ask(message, path, length_s=length_s, advance=advance))


# --------------------------------------------------------------------------- the children


class _Idle:
    """Children that wait for work, one at most; a second call at the same time has its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Child] = []

    @contextmanager
    def one(self) -> Generator[Child, None, None]:
        """A child that runs, for this caller alone.

        Raises:
            DecoderError: it cannot be started.
        """
        with self._lock:
            child = self._waiting.pop() if self._waiting else _new_child()
        try:
            try:
                child.start()
            except OSError as error:
                message = f"What reads audio cannot be started: {error}. Try again."
                raise DecoderError(message) from error
            yield child
        finally:
            with self._lock:
                is_kept = child.is_alive and not self._waiting
                if is_kept:
                    self._waiting.append(child)
            if not is_kept:
                child.close()

    def close(self) -> None:
        """End all that wait."""
        with self._lock:
            for child in self._waiting:
                child.close()
            self._waiting.clear()


def _new_child() -> Child:
    # One thread: nothing here is faster with more, and every one of them wants memory of its own.
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return Child("shownotes.adapters.sound_process", threads)


_IDLE = _Idle()
atexit.register(_IDLE.close)


def _ask(
    message: Mapping[str, Any],
    path: Path,
    *,
    length_s: float = 0.0,
    advance: Callable[[float], None] = lambda _: None,
) -> Any:
    """Ask a child about a file, and make its errors ours."""
    told = {**message, "path": str(path)}
    try:
        try:
            return _answer(told, path, length_s, advance)
        except ChildDied as error:
            if error.code != 0:
                raise
            # It had waited long enough for something to do, and left as the question came.
            return _answer(told, path, length_s, advance)
    except ChildFailed as error:
        raise _failure(error, path) from error
    except ChildDied as error:
        raise _death(error, path) from error
    except ChildSilent as error:
        raise _silence(error, path) from error


def _answer(
    message: Mapping[str, Any], path: Path, length_s: float, advance: Callable[[float], None]
) -> Any:
    size = 0
    with suppress(OSError):
        size = path.stat().st_size
    deadline_s = _DEADLINE_S + _S_A_SECOND * length_s + _S_A_MEGABYTE * size / 1e6
    with _IDLE.one() as child:
        answers = child.ask(
            message, deadline_s=deadline_s, silence_s=SILENCE_S, most_cpu_s=MOST_CPU_S
        )
        try:
            for answer in answers:
                if answer["event"] == "done":
                    return answer.get("told")
                advance(answer["done_s"])
        finally:
            answers.close()
    return None


def _failure(error: ChildFailed, path: Path) -> ShowNotesError:
    """The child's own error again, if it is one of ours."""
    kind = getattr(errors, error.kind, None)
    if isinstance(kind, type) and issubclass(kind, ShowNotesError):
        return kind(str(error))
    if error.kind == "MemoryError":
        return BrokenAudioError(
            f"{path} asks for more memory than any recording needs, so it was given up. "
            "Export it again."
        )
    return BrokenAudioError(f"{path} cannot be read ({error.kind}: {error}). Export it again.")


def _death(error: ChildDied, path: Path) -> ShowNotesError:
    if error.code is not None and -error.code in _CRASHES:
        return BrokenAudioError(
            f"{path} makes what reads audio crash (signal {-error.code}), so it was given up. "
            "Export it again."
        )
    why = f" Its last words: {error.last_words}" if error.last_words else ""
    return DecoderError(
        f"What reads audio ended over {path} (exit code {error.code}; -9 is most often want of "
        f"memory).{why} Try again."
    )


def _silence(error: ChildSilent, path: Path) -> ShowNotesError:
    if error.is_busy:
        return BrokenAudioError(
            f"{path} keeps what reads audio busy and nothing comes of it, so it was given up. "
            "Export it again."
        )
    return DecoderError(
        f"{path} could not be read in time: nothing has come from its disk for a long while. "
        "Is the disk or the network drive still there? Try again."
    )
