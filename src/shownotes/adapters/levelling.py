"""A copy of an episode at the loudness that podcast platforms ask for; the original is not touched.

Why FFmpeg's `volume` and `alimiter` through PyAV: they are in the wheel, and work while the sound
streams past, so that memory stays flat. The limiter hears the sound at four times its rate, where
peaks between samples show; what an MP3 adds to peaks is measured on the copy, and made good.
Source: EBU R 128; ITU-R BS.1770-4, Annex 2 (true peak).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import av.error
from av.filter import Graph

from shownotes.adapters.audio import Sink, decode
from shownotes.adapters.encoding import CODECS, mp3_rate
from shownotes.adapters.loudness import LoudnessMeter
from shownotes.adapters.store import translate
from shownotes.errors import StoreError
from shownotes.model import Loudness

# What podcast platforms ask for.
TARGET_LUFS = -16.0
CEILING_DBTP = -1.0
# How far from the target the copy may be, in LU.
TOLERANCE_LU = 0.2
# In bits a second and channel.
CHANNEL_BIT_RATE = 96_000
# Room for what the encoder adds to peaks, in dB: 0.2 to 0.5 were seen on speech.
_CODING_ROOM_DB = 0.5
# What LAME takes off the level (it multiplies by 0.95), in dB.
_CODING_LOSS_DB = 0.45
# A limiter eats part of the gain, so the right one is looked for. Speech takes two or three tries,
# which cost a third of an encoding each.
_MOST_TRIES = 5
# Where a limiter leaves less than this share of more gain, more is of no use.
_LEAST_SHARE = 0.2
# Copies made at most until both numbers are right. Mostly the first is.
_MOST_COPIES = 4
_OVERSAMPLING = 4
# Slow enough to let go without being heard on speech, in milliseconds.
_ATTACK_MS, _RELEASE_MS = 5, 80
# The least that `alimiter` takes, about -24 dB.
_LEAST_LIMIT = 0.0625


def _ignore(_done_s: float) -> None:
    return None


def measure(path: Path, *, advance: Callable[[float], None] = _ignore) -> Loudness | None:
    """The loudness of a file; `None` for silence.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
    """
    meter = LoudnessMeter()
    decode(path, [meter], advance=advance)
    return meter.loudness()


def level(
    source: Path,
    copy: Path,
    *,
    before: Loudness,
    tags: Mapping[str, str],
    advance: Callable[[float], None] = _ignore,
) -> Loudness:
    """Write an MP3 of a file at `TARGET_LUFS`, with no true peak above `CEILING_DBTP`.

    Gain alone where that suffices, else gain and a limiter.

    Args:
        source: any file with sound.
        copy: where the MP3 goes.
        before: what the source measures.
        tags: `title, artist, album, ...` of the copy.
        advance: told the seconds done, every few seconds, once in every pass over the sound.

    Returns:
        What the copy measures. It is below the target where peaks stand so far above everything
        else that a limiter cannot bring them together.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
        StoreError: the copy cannot be written.
    """
    plan, after = _plan(source, before, advance), before
    for _ in range(_MOST_COPIES):
        _encode(source, copy, plan, tags, advance)
        after = measure(copy) or before
        missing_lu = plan.expected_lufs - after.integrated_lufs
        over_db = after.true_peak_dbtp - CEILING_DBTP
        if over_db <= 0 and abs(missing_lu) <= TOLERANCE_LU:
            break
        plan = replace(plan, gain_db=plan.gain_db + missing_lu)
        if over_db > 0:
            # A little more than it was too much: the encoder never adds the same twice.
            highest = CEILING_DBTP - _CODING_ROOM_DB if plan.ceiling_db is None else plan.ceiling_db
            plan = replace(plan, ceiling_db=highest - over_db - 0.1)
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is done to the sound.

    Attributes:
        ceiling_db: the limiter's; `None` for gain alone.
        expected_lufs: what comes out.
    """

    gain_db: float
    ceiling_db: float | None = None
    expected_lufs: float = TARGET_LUFS

    def filters(self, rate_hz: int) -> tuple[tuple[str, str], ...]:
        """The plan as FFmpeg's filters."""
        gain = ("volume", f"volume={self.gain_db:.3f}dB:precision=double")
        if self.ceiling_db is None:
            return (gain,)
        limit = max(_LEAST_LIMIT, 10 ** (self.ceiling_db / 20))
        # `level` would bring the peaks up to full scale again; `latency` keeps times as they are.
        told = f"limit={limit:.6f}:attack={_ATTACK_MS}:release={_RELEASE_MS}:level=0:latency=1"
        there, back = str(rate_hz * _OVERSAMPLING), str(rate_hz)
        return (gain, ("aresample", there), ("alimiter", told), ("aresample", back))


def _plan(source: Path, before: Loudness, advance: Callable[[float], None]) -> _Plan:
    """Gain, and a limiter where peaks would stand too high: then the gain is tried out."""
    gain_db = TARGET_LUFS - before.integrated_lufs
    ceiling_db = CEILING_DBTP - _CODING_ROOM_DB
    if before.true_peak_dbtp + gain_db <= ceiling_db:
        return _Plan(gain_db=gain_db)
    tried: list[_Plan] = []
    for _ in range(_MOST_TRIES):
        plan = _Plan(gain_db=gain_db, ceiling_db=ceiling_db)
        meter = LoudnessMeter()
        decode(source, [_Filtered(plan, partial(_same, meter))], advance=advance)
        heard = meter.loudness() or before
        tried.append(replace(plan, expected_lufs=heard.integrated_lufs))
        missing_lu = TARGET_LUFS - heard.integrated_lufs
        share = _share(tried)
        if abs(missing_lu) <= TOLERANCE_LU / 2 or share < _LEAST_SHARE:
            break
        gain_db += missing_lu / min(1.0, share)
    return min(tried, key=lambda plan: abs(plan.expected_lufs - TARGET_LUFS))


def _same(meter: LoudnessMeter, _frame: av.AudioFrame) -> LoudnessMeter:
    return meter


def _share(tried: list[_Plan]) -> float:
    """How much of the last change of gain came out."""
    if len(tried) < 2:
        return 1.0
    last, now = tried[-2:]
    return (now.expected_lufs - last.expected_lufs) / (now.gain_db - last.gain_db)


def _encode(
    source: Path,
    copy: Path,
    plan: _Plan,
    tags: Mapping[str, str],
    advance: Callable[[float], None],
) -> None:
    try:
        with av.open(str(copy), "w", format="mp3") as container:
            container.metadata.update(tags)
            sink = _Filtered(plan, lambda frame: _Mp3(container, frame), makeup_db=_CODING_LOSS_DB)
            decode(source, [sink], advance=advance)
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise translate(error, copy) from error
        raise StoreError(f"{copy} cannot be written: {error}.") from error
    except OSError as error:
        raise translate(error, copy) from error


class _Filtered:
    """A sink for `audio.decode` that filters what passes, and hands it on in mono or stereo.

    Attributes:
        makeup_db: gain after everything.
    """

    def __init__(
        self, plan: _Plan, open_sink: Callable[[av.AudioFrame], Sink], *, makeup_db: float = 0.0
    ) -> None:
        self._plan = plan
        self._open_sink = open_sink
        self._makeup_db = makeup_db
        self._graph: Graph | None = None
        self._sink: Sink | None = None
        self._samples = 0

    def write(self, frame: av.AudioFrame) -> None:
        """Filter a few seconds."""
        if self._graph is None:
            self._graph = self._begin(frame)
        frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        self._graph.push(frame)
        self._hand_on(self._graph)

    def finish(self) -> None:
        """Hand on what the filters still hold."""
        if self._graph is not None:
            self._graph.push(None)
            self._hand_on(self._graph)
        if self._sink is not None:
            self._sink.finish()

    def _begin(self, frame: av.AudioFrame) -> Graph:
        rate = mp3_rate(frame.sample_rate)
        layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=Fraction(1, frame.sample_rate),
        )
        chain = (
            # First of all, so that the peaks of a downmix are limited and not made after it.
            ("aformat", f"sample_fmts=fltp:channel_layouts={layout}"),
            *self._plan.filters(rate),
            ("volume", f"volume={self._makeup_db}dB:precision=double"),
            ("aresample", str(rate)),
            ("aformat", f"sample_fmts=fltp:channel_layouts={layout}"),
            ("abuffersink", None),
        )
        graph.link_nodes(source, *(graph.add(name, told) for name, told in chain)).configure()
        return graph

    def _hand_on(self, graph: Graph) -> None:
        while True:
            try:
                frame: Any = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            if self._sink is None:
                self._sink = self._open_sink(frame)
            self._sink.write(frame)


class _Mp3:
    """A sink that encodes into an open container, in the format of the first frame."""

    def __init__(self, container: Any, frame: av.AudioFrame) -> None:
        self._container = container
        self._stream = container.add_stream(CODECS[".mp3"], rate=frame.sample_rate)
        self._stream.layout = frame.layout.name
        self._stream.format = frame.format.name
        self._stream.bit_rate = frame.layout.nb_channels * CHANNEL_BIT_RATE

    def write(self, frame: av.AudioFrame) -> None:
        """Encode a few seconds."""
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Encode what the encoder still holds."""
        self._container.mux(self._stream.encode(None))
