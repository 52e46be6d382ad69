"""Synthesise sentences once and keep them as log-mel spectrograms with exact times.

    python bank.py --shard 0 --hours 12

A shard is `work/bank-<n>.npy` (float16 log10 mel power before Whisper's clamp, so that windows can
be composed and given noise later) and `work/bank-<n>.pickle` (a list of `Clip`).
"""

from __future__ import annotations

import argparse
import pickle
import random
import time
from pathlib import Path

import numpy as np
import torch
from clips import ENCODER_FRAMES_PER_S, HOP, MEL_FRAMES_PER_S, Clip, TimedToken
from faster_whisper.feature_extractor import FeatureExtractor
from grammar import Grammar
from speak import Speech, speak
from tokenizer import TOKENIZER_PATH, WORK
from tokenizers import Tokenizer
from voices import draw_setting

# Silence before and after each clip, so that the spectrogram's edges are not in the speech.
MARGIN_S = 0.01
LONGEST_S = 10.0
# Scrambled words teach listening; more of them costs fluency (the probe's share was 12 %).
SCRAMBLED_SHARE = 0.12
SHARD_SEED = 5_000

_EXTRACTOR = FeatureExtractor()
_MEL_FILTERS = torch.from_numpy(_EXTRACTOR.mel_filters)
_HANN = torch.hann_window(400)


def compute_log_mel(samples: np.ndarray) -> np.ndarray:
    """faster-whisper's log-mel up to, and without, its clamp to 8 below the maximum."""
    spectrum = torch.stft(
        torch.from_numpy(samples), 400, HOP, window=_HANN, return_complex=True, pad_mode="reflect"
    )
    power = spectrum[..., :-1].abs() ** 2
    return (_MEL_FILTERS @ power).clamp(min=1e-10).log10().numpy()


def time_tokens(speech: Speech, tokenizer: Tokenizer) -> tuple[TimedToken, ...]:
    """Spread each word's time over its tokens by their length; give a pause to the punctuation.

    Word times come from cross-attention: with the pause on the full stop, neither word owns it.
    """
    timed = []
    for index, word in enumerate(speech.words):
        ids = tokenizer.encode(" " + word.text).ids
        texts = [tokenizer.decode([token]).strip() for token in ids]
        marks = 0
        while marks < len(ids) - 1 and not any(c.isalnum() for c in texts[-1 - marks]):
            marks += 1
        spoken = len(ids) - marks
        lengths = np.array([max(1, len(text)) for text in texts[:spoken]], float)
        edges = word.start + (word.end - word.start) * np.r_[0, np.cumsum(lengths) / lengths.sum()]
        timed += [
            TimedToken(token, float(edges[i]), float(edges[i + 1]))
            for i, token in enumerate(ids[:spoken])
        ]
        following = speech.words[index + 1].start if index + 1 < len(speech.words) else word.end
        timed += [TimedToken(token, word.end, following) for token in ids[spoken:]]
    return tuple(timed)


def label_frames(speech: Speech, frames: int) -> tuple[str, ...]:
    labels = [""] * frames
    for phoneme in speech.phonemes:
        if not phoneme.is_pause:
            first = round((phoneme.start + MARGIN_S) * ENCODER_FRAMES_PER_S)
            last = round((phoneme.end + MARGIN_S) * ENCODER_FRAMES_PER_S)
            for frame in range(first, min(last, frames)):
                labels[frame] = phoneme.name
    return tuple(labels)


def build_shard(shard: int, hours: float) -> None:
    source = random.Random(SHARD_SEED + shard)
    grammar = Grammar(SHARD_SEED + shard)
    tokenizer = Tokenizer.from_file(str(TOKENIZER_PATH))
    mels: list[np.ndarray] = []
    clips: list[Clip] = []
    offset, began = 0, time.monotonic()
    while offset < hours * 3600 * MEL_FRAMES_PER_S:
        is_scrambled = source.random() < SCRAMBLED_SHARE
        text = grammar.scramble() if is_scrambled else grammar.sentence()
        speech = speak(text, **vars(draw_setting(source)))
        if speech.duration > LONGEST_S or not speech.words:
            continue
        # An even number of mel frames, so that clips begin on encoder frames.
        tail = -(len(speech.samples) + 2 * HOP) % (2 * HOP)
        mel = compute_log_mel(np.pad(speech.samples, (HOP, HOP + tail))).astype(np.float16)
        tokens = tuple(
            TimedToken(t.token, t.start + MARGIN_S, t.end + MARGIN_S)
            for t in time_tokens(speech, tokenizer)
        )
        clips.append(
            Clip(
                offset,
                mel.shape[1],
                speech.words[0].start + MARGIN_S,
                speech.words[-1].end + MARGIN_S,
                tokens,
                label_frames(speech, mel.shape[1] // 2),
            )
        )
        mels.append(mel)
        offset += mel.shape[1]
    np.save(WORK / f"bank-{shard}.npy", np.concatenate(mels, 1))
    with Path(WORK / f"bank-{shard}.pickle").open("wb") as file:
        pickle.dump(clips, file)
    print(f"shard {shard}: {len(clips)} clips, {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--hours", type=float, default=10.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    build_shard(arguments.shard, arguments.hours)


if __name__ == "__main__":
    main()
