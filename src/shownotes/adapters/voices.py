"""The voices of a recording: what they sound like, and which words belong to which.

Why kaldi-native-fbank: the features that speech research has used for decades, as a stream, in C++,
in wheels of one megabyte without dependencies; librosa would bring numba and SciPy, torchaudio
PyTorch. It hears; telling voices apart is ours, and needs no model: stretches of words are
merged for as long as one Gaussian explains two of them better than two do (the Bayesian
information criterion, Chen and Gopalakrishnan 1998), and then every word is given to the voice
that explains it, with a price on every change of hands.

It is a small method. It knows nothing of voices beyond this recording, takes voices that are very
much alike for one, and hears nobody who speaks for less than some seconds in all. Engines with
trained models are better (`adapters/diarization.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.store import translate
from shownotes.model import Word

SAMPLE_RATE_HZ = 16_000
FRAMES_A_SECOND = 100
# Cepstral coefficients that are kept: all but the first, which is how loud it is.
COEFFICIENTS = 19
_MEL_BINS = 26
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 7600.0
_CHUNK_SAMPLES = 10 * SAMPLE_RATE_HZ

# Words in a row with no more than this between them, in seconds, are one stretch, up to a length.
_GAP_S, _LONGEST_S = 0.2, 3.0
# Frames below which a stretch says too little about a voice.
_FEWEST_FRAMES = 40
# How much simpler one voice must be than two: the weight of the criterion's penalty. The textbook's
# 1 tears a voice apart at every change of mood.
PENALTY = 2.1
# Stretches that are compared with each other at once; more go block by block, so that memory and
# time stay in proportion to the length.
_BLOCK = 150
# Two voices are two people's when they are so many times farther from each other than each is from
# itself. Of the pairs of synthetic speakers in 24 conversations all but one stood above 9, of
# voices cut in two none above 5.
SEPARATION = 5.5
_MOST_FRAMES = 6_000
# Who speaks less than this in all, in seconds and as a share, is not told apart.
LEAST_S, LEAST_SHARE = 8.0, 0.03
_ROUNDS = 3
# Neighbouring frames say nearly the same: what a frame counts.
_FRAME_WEIGHT = 0.25
# Words that are scored together: some minutes of frames, however far apart the words are.
_WORDS_AT_ONCE, _SECONDS_AT_ONCE = 400, 300.0
# The price of a change of hands: in the middle of a run of words, after a breath, after a pause.
_PRICES = ((0.12, 14.0), (0.35, 7.0), (float("inf"), 4.0))
# What is taken off it where a sentence ends.
_SENTENCE_DISCOUNT = 0.6

Features = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which voice says each word.

    Attributes:
        voices: for every word its voice, numbered from 0 in order of appearance.
        margins: for every word, how much better its voice explains it than the next best, in
            natural logarithms a second; infinite when there is one voice only.
    """

    voices: tuple[int, ...]
    margins: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many voices there are."""
        return len(set(self.voices))


def hear(
    chunks: Iterator[NDArray[np.int16]],
    path: Path,
    advance: Callable[[float], None] = lambda _done_s: None,
) -> Features:
    """Writes the features of audio to a file and returns them, mapped: memory stays flat.

    Args:
        chunks: int16, shape (n_samples,), mono, 16 000 Hz, in order.
        path: of the file; 38 bytes a frame.
        advance: told the seconds done.

    Returns:
        float16, shape (n_frames, 19), a frame every 10 ms.

    Raises:
        StoreError: the file cannot be written.
    """
    from kaldi_native_fbank import MfccOptions, OnlineMfcc

    options = MfccOptions()
    options.frame_opts.samp_freq = SAMPLE_RATE_HZ
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = _MEL_BINS
    options.mel_opts.low_freq, options.mel_opts.high_freq = _LOWEST_HZ, _HIGHEST_HZ
    options.num_ceps = COEFFICIENTS + 1
    options.use_energy = False
    listener = OnlineMfcc(options)
    taken = samples = 0

    def take(file: Any) -> None:
        nonlocal taken
        ready = listener.num_frames_ready
        rows = [listener.get_frame(index)[1:] for index in range(taken, ready)]
        if rows:
            file.write(np.asarray(rows, np.float16).tobytes())
            listener.pop(ready - taken)
        taken = ready

    try:
        with path.open("wb") as file:
            for chunk in chunks:
                for at in range(0, len(chunk), _CHUNK_SAMPLES):
                    piece = chunk[at : at + _CHUNK_SAMPLES]
                    listener.accept_waveform(SAMPLE_RATE_HZ, piece.astype(np.float32))
                    take(file)
                    samples += len(piece)
                    advance(samples / SAMPLE_RATE_HZ)
            listener.input_finished()
            take(file)
    except OSError as error:
        raise translate(error, path) from error
    return read(path)


def read(path: Path) -> Features:
    """The features that `hear` wrote."""
    if path.stat().st_size == 0:
        return np.zeros((0, COEFFICIENTS), np.float16)
    return np.memmap(path, np.float16, "r").reshape(-1, COEFFICIENTS)


def tell_apart(
    features: Features, words: Sequence[Word], *, most_voices: int | None = None
) -> Assignment:
    """Gives every word to a voice.

    Args:
        features: of `hear`.
        words: in order of time.
        most_voices: when it is known how many people speak at most.
    """
    runs = [run for run in _runs(words) if _frames(run, len(features)) >= _FEWEST_FRAMES]
    clusters = _cluster([_gauss(_cut(features, run[0].start, run[-1].end)) for run in runs])
    clusters = _keep_large(clusters, most_voices)
    if len(clusters) < 2:
        return Assignment((0,) * len(words), (float("inf"),) * len(words))
    while True:
        for _ in range(_ROUNDS):
            scores = _score(features, words, clusters)
            voices = _decode(scores, words)
            clusters = _again(features, words, voices, clusters)
        fewer = _keep_large(clusters, most_voices)
        if len(fewer) == len(clusters):
            fewer = _merge_closest(features, words, voices, clusters)
        if len(fewer) < 2:
            return Assignment((0,) * len(words), (float("inf"),) * len(words))
        if len(fewer) == len(clusters):
            break
        clusters = fewer
    margins = _margins(scores, voices, words)
    order = {voice: number for number, voice in enumerate(dict.fromkeys(voices.tolist()))}
    return Assignment(tuple(order[v] for v in voices.tolist()), margins)


@dataclass(frozen=True, slots=True)
class _Gauss:
    """A voice, or a stretch of one: mean, covariance, and of how many frames."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    frames: int


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in words:
        if run and (word.start - run[-1].end > _GAP_S or word.end - run[0].start > _LONGEST_S):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _frames(run: Sequence[Word], available: int) -> int:
    first, last = int(run[0].start * FRAMES_A_SECOND), int(run[-1].end * FRAMES_A_SECOND)
    return min(last, available) - first


def _rows(features: Features, start: float, end: float) -> slice:
    """Which frames lie between two times, in seconds; one, where there are any, at least."""
    first = min(int(start * FRAMES_A_SECOND), len(features))
    return slice(first, min(len(features), max(first + 1, int(end * FRAMES_A_SECOND))))


def _view(features: Features, start: float, end: float) -> Features:
    return features[_rows(features, start, end)]


def _cut(features: Features, start: float, end: float) -> NDArray[np.float64]:
    return _view(features, start, end).astype(np.float64)


def _gauss(rows: NDArray[np.float64]) -> _Gauss:
    # A little on the diagonal, so that a stretch of one vowel is not infinitely narrow.
    covariance = np.cov(rows.T, bias=True) + 0.01 * np.eye(rows.shape[1])
    return _Gauss(rows.mean(axis=0), covariance, len(rows))


def _merge(one: _Gauss, other: _Gauss) -> _Gauss:
    frames = one.frames + other.frames
    mean = (one.frames * one.mean + other.frames * other.mean) / frames
    total = np.zeros_like(one.covariance)
    for part in (one, other):
        off = part.mean - mean
        total += part.frames * (part.covariance + np.outer(off, off))
    return _Gauss(mean, total / frames, frames)


def _cluster(stretches: Sequence[_Gauss]) -> list[_Gauss]:
    """Merges stretches for as long as it makes the description simpler: blocks, then all."""
    clusters = list(stretches)
    while len(clusters) > _BLOCK:
        blocks = [clusters[at : at + _BLOCK] for at in range(0, len(clusters), _BLOCK)]
        fewer = [cluster for block in blocks for cluster in _merge_alike(block)]
        if len(fewer) > 0.8 * len(clusters):
            break
        clusters = fewer
    return _merge_alike(clusters)


def _merge_alike(clusters: Sequence[_Gauss]) -> list[_Gauss]:
    """Merges the two that are most alike, until no two are one voice."""
    found = list(clusters)
    if len(found) < 2:
        return found
    means = np.array([c.mean for c in found])
    covariances = np.array([c.covariance for c in found])
    frames = np.array([float(c.frames) for c in found])
    logs = np.linalg.slogdet(covariances)[1]
    is_there = np.ones(len(found), bool)
    gains = np.full((len(found), len(found)), np.inf)

    def compare(at: int) -> None:
        others = np.flatnonzero(is_there & (np.arange(len(found)) != at))
        if not len(others):
            return
        both = frames[others] + frames[at]
        weight = (frames[others] / both)[:, None, None]
        off = means[others] - means[at]
        pooled = weight * covariances[others] + (1 - weight) * covariances[at]
        pooled += (weight * (1 - weight)) * off[:, :, None] * off[:, None, :]
        cost = both * np.linalg.slogdet(pooled)[1]
        cost -= frames[others] * logs[others] + frames[at] * logs[at]
        size = means.shape[1]
        penalty = 0.5 * (size + size * (size + 1) / 2) * np.log(both)
        gain = 0.5 * cost - PENALTY * penalty
        gains[at, others] = gain
        gains[others, at] = gain

    for at in range(len(found)):
        compare(at)
    while True:
        one, other = np.unravel_index(int(np.argmin(gains)), gains.shape)
        if gains[one, other] >= 0:
            break
        merged = _merge(found[one], found[other])
        found[one] = merged
        means[one], covariances[one], frames[one] = merged.mean, merged.covariance, merged.frames
        logs[one] = np.linalg.slogdet(merged.covariance)[1]
        is_there[other] = False
        gains[other, :] = gains[:, other] = np.inf
        gains[one, :] = gains[:, one] = np.inf
        compare(int(one))
    return [cluster for cluster, kept in zip(found, is_there, strict=True) if kept]


def _keep_large(clusters: Sequence[_Gauss], most: int | None) -> list[_Gauss]:
    """The clusters that are voices: of a few seconds, it cannot be told."""
    total = sum(cluster.frames for cluster in clusters)
    least = max(LEAST_S * FRAMES_A_SECOND, LEAST_SHARE * total)
    large = sorted((c for c in clusters if c.frames >= least), key=lambda c: -c.frames)
    return large[:most]


def _merge_closest(
    features: Features,
    words: Sequence[Word],
    voices: NDArray[np.int64],
    clusters: Sequence[_Gauss],
) -> list[_Gauss]:
    """The clusters with the two made one that differ least, if they do not differ as people do."""
    halves = [
        _halve(features, [w for w, v in zip(words, voices, strict=True) if v == index])
        for index in range(len(clusters))
    ]
    pairs = list(combinations(range(len(clusters)), 2))

    @cache
    def gauss(voice: int, half: int, count: int) -> _Gauss:
        return _gauss(halves[voice][half].pick(count))

    def separation(one: int, other: int) -> float:
        # On as many frames on both sides, so that what was said weighs the same.
        count = min(_MOST_FRAMES, *(len(half) for half in (*halves[one], *halves[other])))
        if count < 2 * COEFFICIENTS:
            return 0.0
        return _separation(
            *(gauss(voice, half, count) for voice in (one, other) for half in (0, 1))
        )

    apart = [separation(one, other) for one, other in pairs]
    if not pairs or min(apart) >= SEPARATION:
        return list(clusters)
    one, other = pairs[apart.index(min(apart))]
    merged = _merge(clusters[one], clusters[other])
    return [merged, *(c for index, c in enumerate(clusters) if index not in (one, other))]


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Frames of a voice from many places, left in the file until some are picked."""

    features: Features
    parts: list[slice] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(part.stop - part.start for part in self.parts)

    def pick(self, count: int) -> NDArray[np.float64]:
        """So many of them, evenly."""
        wanted = np.linspace(0, len(self) - 1, count).astype(int)
        firsts = np.array([part.start for part in self.parts])
        lengths = np.array([part.stop - part.start for part in self.parts])
        ends = np.cumsum(lengths)
        places = np.searchsorted(ends, wanted, side="right")
        begins = ends - lengths
        rows: NDArray[np.float16] = self.features[firsts[places] + wanted - begins[places]]
        return rows.astype(np.float64)


def _halve(features: Features, words: Sequence[Word]) -> tuple[_Stretches, _Stretches]:
    """The frames of a voice in two halves of about the same length, taken in turns."""
    halves = _Stretches(features), _Stretches(features)
    lengths = [0, 0]
    for run in _runs(words):
        shorter = int(lengths[1] < lengths[0])
        rows = _rows(features, run[0].start, run[-1].end)
        halves[shorter].parts.append(rows)
        lengths[shorter] += rows.stop - rows.start
    return halves


def _separation(a: _Gauss, b: _Gauss, c: _Gauss, d: _Gauss) -> float:
    """How many times farther two voices are from each other than each (a, b; c, d) from itself."""
    within = (_distance(a, b) + _distance(c, d)) / 2
    between = (_distance(a, c) + _distance(a, d) + _distance(b, c) + _distance(b, d)) / 4
    return between / max(within, 1e-9)


def _distance(one: _Gauss, other: _Gauss) -> float:
    """What describing both by one Gaussian costs a frame."""
    both = _merge(one, other)
    logs = [float(np.linalg.slogdet(part.covariance)[1]) for part in (both, one, other)]
    return logs[0] - (one.frames * logs[1] + other.frames * logs[2]) / both.frames


def _score(
    features: Features, words: Sequence[Word], voices: Sequence[_Gauss]
) -> NDArray[np.float64]:
    """Logarithms of how well each voice explains each word; shape (n_words, n_voices)."""
    scores = np.zeros((len(words), len(voices)))
    # The roots make a distance a plain sum of squares.
    roots = [np.linalg.inv(np.linalg.cholesky(voice.covariance)) for voice in voices]
    logs = [np.linalg.slogdet(voice.covariance)[1] for voice in voices]
    at = 0
    for group in _groups(words):
        start, end = min(w.start for w in group), max(w.end for w in group)
        rows = _cut(features, start, end)
        first = int(start * FRAMES_A_SECOND)
        spans = [_span(word, first, len(rows)) for word in group]
        for index, voice in enumerate(voices):
            squares = (((rows - voice.mean) @ roots[index].T) ** 2).sum(axis=1)
            sums = np.concatenate([[0.0], np.cumsum(-0.5 * (squares + logs[index]))])
            scores[at : at + len(group), index] = [sums[b] - sums[a] for a, b in spans]
        at += len(group)
    return scores * _FRAME_WEIGHT


def _groups(words: Sequence[Word]) -> Iterator[list[Word]]:
    group: list[Word] = []
    for word in words:
        is_far = bool(group) and word.end - group[0].start > _SECONDS_AT_ONCE
        if len(group) == _WORDS_AT_ONCE or is_far:
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _span(word: Word, first: int, available: int) -> tuple[int, int]:
    """A word's frames, counted from `first`; at least one where there are any."""
    start = min(int(word.start * FRAMES_A_SECOND) - first, max(0, available - 1))
    return start, min(available, max(start + 1, int(word.end * FRAMES_A_SECOND) - first))


def _decode(scores: NDArray[np.float64], words: Sequence[Word]) -> NDArray[np.int64]:
    """The likeliest sequence of voices, every change of hands at its price (Viterbi)."""
    count = scores.shape[1]
    best = scores[0].copy()
    came = np.zeros(scores.shape, np.int64)
    for number in range(1, len(words)):
        price = _price(words[number - 1], words[number])
        leader = int(np.argmax(best))
        stays = best >= best[leader] - price
        came[number] = np.where(stays, np.arange(count), leader)
        best = np.where(stays, best, best[leader] - price) + scores[number]
    path = np.zeros(len(words), np.int64)
    path[-1] = int(np.argmax(best))
    for number in range(len(words) - 1, 0, -1):
        path[number - 1] = came[number, path[number]]
    return path


def _price(before: Word, after: Word) -> float:
    gap = after.start - before.end
    price = next(price for limit, price in _PRICES if gap < limit)
    return price * (_SENTENCE_DISCOUNT if before.text[-1:] in ".?!" else 1.0)


def _again(
    features: Features,
    words: Sequence[Word],
    voices: NDArray[np.int64],
    before: Sequence[_Gauss],
) -> list[_Gauss]:
    """Every voice anew from the words it was given; one that lost its words keeps its shape."""
    fresh = []
    for index, old in enumerate(before):
        runs = list(_runs([w for w, v in zip(words, voices, strict=True) if v == index]))
        frames = sum(len(_view(features, run[0].start, run[-1].end)) for run in runs)
        is_enough = frames > 2 * FRAMES_A_SECOND
        fresh.append(_gauss_of(features, runs) if is_enough else replace(old, frames=frames))
    return fresh


def _gauss_of(features: Features, runs: Sequence[Sequence[Word]]) -> _Gauss:
    """Of many stretches together, of which one at a time is in memory."""
    frames, total = 0, np.zeros(features.shape[1])
    products = np.zeros((features.shape[1], features.shape[1]))
    for run in runs:
        rows = _cut(features, run[0].start, run[-1].end)
        frames += len(rows)
        total += rows.sum(axis=0)
        products += rows.T @ rows
    mean = total / frames
    covariance = products / frames - np.outer(mean, mean) + 0.01 * np.eye(len(mean))
    return _Gauss(mean, covariance, frames)


def _margins(
    scores: NDArray[np.float64], voices: NDArray[np.int64], words: Sequence[Word]
) -> tuple[float, ...]:
    own = scores[np.arange(len(words)), voices]
    others = scores.copy()
    others[np.arange(len(words)), voices] = -np.inf
    lengths = np.array([max(0.05, word.end - word.start) for word in words])
    return tuple(((own - others.max(axis=1)) / lengths).tolist())
