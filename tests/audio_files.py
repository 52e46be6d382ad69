"""Audio made for tests: clicks at known times, tones, speech, and files that are wrong."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.encoding import encode
from training.speech.speak import speak

RATE_HZ = 44_100
SENTENCES = (
    "Good morning and welcome to the programme. My guest today has spent ten years "
    "counting bridges and promises. What did you find out?"
)


def clicks(*times: float, duration: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """Silence with a click of a millisecond at each time."""
    samples = np.zeros(round(duration * rate_hz), np.float32)
    for time in times:
        at = round(time * rate_hz)
        samples[at : at + rate_hz // 1000] = 0.9
    return samples


def tone(duration: float, *, amplitude: float = 0.1, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """A sine of 997 Hz, the frequency of the EBU's test signals."""
    at = np.arange(round(duration * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * 997 * at)).astype(np.float32)


def noise(duration: float, *, seed: int = 0, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """Noise that swells and fades, so that no two seconds are alike."""
    rng = np.random.default_rng(seed)
    count = round(duration * rate_hz)
    swell = 0.05 + 0.2 * np.abs(np.sin(np.arange(count) / rate_hz))
    return (swell * rng.standard_normal(count)).clip(-1, 1).astype(np.float32)


def speech(*, pause: float = 1.0, rate_hz: int = 16_000) -> NDArray[np.float32]:
    """Two utterances with `pause` seconds before, between and after."""
    said = speak(SENTENCES, sample_rate_hz=rate_hz).samples
    gap = np.zeros(round(pause * rate_hz), np.float32)
    return np.concatenate([gap, said, gap, said, gap])


def first_click(samples: NDArray[Any], *, rate_hz: int = 16_000) -> float:
    """Seconds to the first sample louder than a third of the loudest."""
    loud = np.abs(samples.astype(np.float64))
    return int(np.argmax(loud > loud.max() / 3)) / rate_hz


def video(path: Path, *, sound: NDArray[np.float32] | None) -> None:
    """Two seconds of a grey picture, with or without sound."""
    with av.open(str(path), "w") as container:
        pictures: Any = container.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
        track: Any = container.add_stream("aac", rate=RATE_HZ) if sound is not None else None
        if track is not None:
            track.layout = "mono"
        for _ in range(20):
            grey = np.full((64, 64, 3), 128, np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(pictures.encode(None))
        if sound is not None:
            frame = av.AudioFrame.from_ndarray(sound[None, :], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, 0
            container.mux(track.encode(frame))
            container.mux(track.encode(None))


def picture(path: Path) -> None:
    """A PNG, under whatever name."""
    context: Any = av.CodecContext.create("png", "w")
    context.width = context.height = 16
    context.pix_fmt = "rgb24"
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
    path.write_bytes(b"".join(bytes(packet) for packet in context.encode(frame)))


def flip_bytes(whole: bytes, *, count: int, seed: int, skip: int = 2000) -> bytes:
    """`count` bytes after the first `skip` replaced by others."""
    rng = np.random.default_rng(seed)
    data = np.frombuffer(whole, np.uint8).copy()
    places = rng.choice(np.arange(skip, len(data)), count, replace=False)
    data[places] ^= rng.integers(1, 256, count, dtype=np.uint8)
    return data.tobytes()


def write(path: Path, samples: NDArray[Any], *, rate_hz: int = RATE_HZ, **tags: str) -> Path:
    """Encode by the path's ending and hand the path back."""
    encode(samples, path, sample_rate_hz=rate_hz, tags=tags)
    return path
