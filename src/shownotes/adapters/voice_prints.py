"""What is kept of a voice: how its sound moves, in 105 numbers.

The features are those of `adapters/voices.py`. Their means tell a microphone and a room as much as
a person; what stays from one recording to the next is which of them rise and fall together. So
every coefficient is replaced by its rank among its own (Pelecanos and Sridharan, "Feature Warping
for Robust Speaker Verification", 2001), and the print is the correlations of the first 15. Two
prints are compared by the arithmetic-harmonic sphericity of the matrices (Bimbot and Mathan, 1993).
"""

import base64
import binascii
import tempfile
import wave
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.voices import FRAMES_A_SECOND, SAMPLE_RATE_HZ, Features, hear
from shownotes.errors import FormatError, InputError
from shownotes.model import Span, VoicePrint

# The higher coefficients hold pitch and noise more than the shape of a mouth.
_COEFFICIENTS = 15
_UPPER = np.triu_indices(_COEFFICIENTS, 1)
_ONE = 32_767
# A little on the diagonal, so that nearly empty directions do not decide.
_FLOOR = 0.01
# From less speech than this no print is taken; more than the other adds nothing. Seconds.
LEAST_S, MOST_S = 20.0, 120.0
# Of one and the same print the distance would be minus infinity.
_NEAREST = 1e-3


def prints_of(features: Features, speech: Mapping[str, Sequence[Span]]) -> tuple[VoicePrint, ...]:
    """The prints of everybody who speaks for long enough.

    Args:
        features: of `voices.hear`, of the whole recording.
        speech: when each label speaks.
    """
    found = []
    for label, spans in speech.items():
        seconds = sum(span.duration for span in spans)
        rows = [_frames(features, span) for span in spans]
        if seconds >= LEAST_S and sum(map(len, rows)) >= LEAST_S / 2 * FRAMES_A_SECOND:
            sound = take_print(np.concatenate(rows))
            found.append(VoicePrint(label=label, seconds=round(seconds, 1), sound=sound))
    return tuple(found)


def hear_prints(path_wav: Path, speech: Mapping[str, Sequence[Span]]) -> tuple[VoicePrint, ...]:
    """The same from the working audio, of which no more is heard than is needed.

    Raises:
        InputError: it cannot be read.
    """
    found = []
    for label, spans in speech.items():
        chosen = _choose(spans)
        total = sum(span.duration for span in spans)
        with tempfile.TemporaryDirectory() as folder:
            features = hear(_cut(path_wav, chosen), Path(folder) / "features")
            whole = Span(start=0.0, end=len(features) / FRAMES_A_SECOND)
            heard = prints_of(features, {label: [whole]})
            del features
        found += [VoicePrint(label=label, seconds=round(total, 1), sound=p.sound) for p in heard]
    return tuple(found)


def take_print(rows: NDArray[np.floating]) -> str:
    """The print of a voice's frames, shape (n_frames, at least 15)."""
    step = max(1, int(len(rows) / (MOST_S * FRAMES_A_SECOND)))
    used = np.asarray(rows[::step, :_COEFFICIENTS], np.float32)
    scores = np.empty(used.shape)
    normal = _normal_scores(len(used))
    for column in range(_COEFFICIENTS):
        scores[np.argsort(used[:, column], kind="stable"), column] = normal
    together = scores.T @ scores / (normal @ normal)
    return base64.b64encode((together[_UPPER] * _ONE).round().astype("<i2").tobytes()).decode()


def distance(one: str, other: str) -> float:
    """How far apart two voices are, as a logarithm: below -1.3 mostly one person's.

    Raises:
        FormatError: this is no print.
    """
    (a, a_inverse), (b, b_inverse) = _matrix(one), _matrix(other)
    # The traces of A⁻¹B and B⁻¹A; their means are 1 where the matrices are the same.
    there, back = float((a_inverse * b).sum()), float((b_inverse * a).sum())
    sphericity = float(np.log(there * back / _COEFFICIENTS**2))
    return float(np.log(max(sphericity, _NEAREST)))


@lru_cache(maxsize=512)
def _matrix(sound: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The correlations, and their inverse."""
    try:
        numbers = np.frombuffer(base64.b64decode(sound, validate=True), "<i2")
        half = np.zeros((_COEFFICIENTS, _COEFFICIENTS))
        half[_UPPER] = numbers / _ONE
    except (binascii.Error, ValueError) as error:
        raise FormatError(
            "The print of a voice is damaged. Delete the file in which it lies; it is made again "
            "when an episode is processed or approved again."
        ) from error
    matrix = half + half.T + (1.0 + _FLOOR) * np.eye(_COEFFICIENTS)
    return matrix, np.asarray(np.linalg.inv(matrix), np.float64)


@lru_cache(maxsize=8)
def _normal_scores(count: int) -> NDArray[np.float64]:
    """What ranks become: the values of a normal distribution at as many even steps."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((rank + 0.5) / count) for rank in range(count)])


def _frames(features: Features, span: Span) -> Features:
    return features[int(span.start * FRAMES_A_SECOND) : int(span.end * FRAMES_A_SECOND)]


def _choose(spans: Sequence[Span]) -> list[Span]:
    """The longest, as many as are needed, in order of time."""
    chosen, seconds = [], 0.0
    for span in sorted(spans, key=lambda span: -span.duration):
        if seconds >= MOST_S:
            break
        chosen.append(span)
        seconds += span.duration
    return sorted(chosen, key=lambda span: span.start)


def _cut(path_wav: Path, spans: Sequence[Span]) -> Iterator[NDArray[np.int16]]:
    """Stretches of the working audio, one after the other."""
    try:
        with wave.open(str(path_wav), "rb") as file:
            for span in spans:
                file.setpos(min(int(span.start * SAMPLE_RATE_HZ), file.getnframes()))
                data = file.readframes(int(span.duration * SAMPLE_RATE_HZ))
                yield np.frombuffer(data, "<i2")
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(
            f"{path_wav} cannot be read ({error}). Run again with `--from prepare`."
        ) from error
