"""The process that reads files of strangers: see `adapters/sound.py`, which asks it."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

from shownotes.adapters.frames import Send, serve
from shownotes.adapters.sound import Heard
from shownotes.model import Span

# What it may take of memory, in bytes. Three hours take 0.2 GB, an index of 37 hours as much again.
_MOST_BYTES = 2**30
_MOST_ADDRESSES = 2**32
# Without work for so long it ends, in seconds.
_IDLE_S = 20.0
# How often it says how far it is, in seconds.
_TELL_EVERY_S = 0.25

Tell = Callable[[float], None]


def _scan(request: Mapping[str, Any], tell: Tell) -> Any:
    from shownotes.adapters.recording import scan

    return asdict(scan(Path(request["path"]), advance=tell))


def _length(request: Mapping[str, Any], _tell: Tell) -> Any:
    from shownotes.adapters.recording import declared_length

    return declared_length(Path(request["path"]))


def _check(request: Mapping[str, Any], _tell: Tell) -> Any:
    from shownotes.adapters.recording import check_media

    return check_media(Path(request["path"]))


def _hear(request: Mapping[str, Any], tell: Tell) -> Any:
    from shownotes.adapters.audio import Sink, WorkingAudio, decode
    from shownotes.adapters.loudness import LoudnessMeter
    from shownotes.adapters.pauses import SpeechDetector
    from shownotes.adapters.stereo import ChannelLevels, are_people

    wavs = [(Path(wav), channel) for wav, channel in request["wavs"]]
    detectors = [SpeechDetector() for _ in wavs] if request["speech"] else []
    meter = LoudnessMeter() if request["loudness"] else None
    levels = ChannelLevels() if request["people"] else None
    made: list[WorkingAudio] = []
    try:
        for number, (wav, channel) in enumerate(wavs):
            listeners = [detectors[number].hear] if detectors else []
            made.append(WorkingAudio(wav, listeners, channel=channel))
        sinks: list[Sink] = [sink for sink in (*made, meter, levels) if sink is not None]
        decoding = decode(Path(request["path"]), sinks, advance=tell)
    finally:
        for sink in made:
            sink.close()
    speech = tuple(detector.finish() for detector in detectors)
    known = speech[0] if speech else [Span(start=s, end=e) for s, e in request["known_speech"]]
    heard = Heard(
        decoded_s=decoding.decoded_s,
        duration=made[0].duration if made else decoding.duration,
        broken_packets=decoding.broken_packets,
        loudness=meter.loudness() if meter else None,
        speech=speech,
        has_two_people=levels is not None and are_people(levels.levels(), known),
    )
    return asdict(heard)


_WORK = {"scan": _scan, "length": _length, "check": _check, "hear": _hear}


class _Reports:
    """Seconds done, passed on a few times a second."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._told_at = 0.0

    def tell(self, done_s: float) -> None:
        """Say so, unless it was said just now."""
        now = monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._send({"event": "progress", "done_s": done_s})


def _answer(request: dict[str, Any], _payload: bytes, send: Send) -> None:
    told = _WORK[request["do"]](request, _Reports(send).tell)
    send({"event": "done", "told": told})


def _limit() -> None:
    """No file gets more memory than this; nor is a core dump of it left lying about."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, _MOST_BYTES)]
    if sys.platform == "linux":
        limits.append((resource.RLIMIT_AS, _MOST_ADDRESSES))
    for what, most in limits:
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


def main() -> None:
    """Read what the parent names."""
    _limit()
    serve(_answer, idle_s=_IDLE_S)


if __name__ == "__main__":
    main()
