"""Loudness of the untouched audio, EBU R128, while it is decoded. Measured, never changed.

Why FFmpeg's `ebur128` filter through PyAV: it is in the wheel, and checked against the EBU's own
test material; it runs at some 600 times real time.
Source: EBU R 128, EBU Tech 3341 and 3342.
"""

import math
from fractions import Fraction
from typing import Any

import av
import av.error
from av.filter import Graph

from shownotes.model import Loudness

# What the filter reports for silence, in LUFS; below it there is nothing to speak of.
_SILENCE_LUFS = -70.0


class LoudnessMeter:
    """A sink for `audio.decode` that measures what passes."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._told: dict[str, str] = {}
        self._samples = 0

    def write(self, frame: av.AudioFrame) -> None:
        """Hear a few seconds."""
        if self._graph is None:
            self._graph = _graph(frame)
        frame.pts, frame.time_base = self._samples, Fraction(1, frame.sample_rate)
        self._samples += frame.samples
        self._graph.push(frame)
        self._listen(self._graph)

    def finish(self) -> None:
        """Hear what the filter still holds."""
        if self._graph is not None:
            self._graph.push(None)
            self._listen(self._graph)

    def loudness(self) -> Loudness | None:
        """The measurement; `None` for silence or less than half a second of sound."""
        try:
            integrated = float(self._told["lavfi.r128.I"])
            range_lu = float(self._told["lavfi.r128.LRA"])
            peak = float(self._told["lavfi.r128.true_peak"])
        except (KeyError, ValueError):
            return None
        if not integrated > _SILENCE_LUFS or not peak > 0:
            return None
        return Loudness(
            integrated_lufs=round(integrated, 1),
            range_lu=round(range_lu, 1),
            true_peak_dbtp=round(20 * math.log10(peak), 1),
        )

    def _listen(self, graph: Graph) -> None:
        """Take the running measurement from the frames that come out."""
        while True:
            try:
                heard: Any = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            # The last frame, shorter than a tenth of a second, carries none.
            self._told = heard.metadata or self._told


def _graph(frame: av.AudioFrame) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=Fraction(1, frame.sample_rate),
    )
    meter = graph.add("ebur128", "metadata=1:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    return graph
