"""The one module that knows sherpa-onnx: voices told apart by trained models, from local files.

Why sherpa-onnx: of the kept engines it is the lightest that is accurate (pyannote's segmentation
and any of a dozen embedding models, all as ONNX files that lie where the user put them), it is
licensed under Apache 2.0, and it is one wheel without PyTorch, where pyannote.audio brings a
gigabyte of it and asks for an account to fetch its weights. It is an extra: nobody needs it who
does not want it.

It runs in a process of its own: a model with the wrong metadata ends the process it is loaded in.
It wants the whole recording in memory: 230 MB an hour.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shownotes.adapters.voices import Assignment
from shownotes.errors import ModelBrokenError, ModelMissingError
from shownotes.model import Word

# Seconds of speech and of silence below which the engine does not change its mind.
_SHORTEST_SPEECH_S, _SHORTEST_PAUSE_S = 0.3, 0.5
# How far apart voices must be; the engine's own default.
_THRESHOLD = 0.5
# Longer than any recording, in seconds.
_FOREVER_S = 1e6
# How sure a word is whose speaker the engine heard all through it, in natural logarithms a second.
_SURE = 600.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which the engine hears one voice, in seconds, voices numbered from 0."""

    start: float
    end: float
    voice: int


def find_turns(
    wav: Path, *, segmentation: Path, embedding: Path, most_voices: int | None = None
) -> tuple[Turn, ...]:
    """Who speaks when in working audio.

    Args:
        wav: 16 kHz, mono, 16 bit.
        segmentation: a model of pyannote's kind, as ONNX with sherpa-onnx's metadata.
        embedding: a speaker embedding model, likewise.
        most_voices: how many people speak, where that is known.

    Raises:
        ModelMissingError: a file or the engine is not there; the message says how to get it.
        ModelBrokenError: the engine cannot load one of the models.
    """
    for path in (segmentation, embedding):
        if not path.is_file():
            raise ModelMissingError(
                f"{path} is not there. Download a segmentation and an embedding model made for "
                "sherpa-onnx, and say where they lie in [speakers], or take both keys out."
            )
    if importlib.util.find_spec("sherpa_onnx") is None:
        raise ModelMissingError(
            "sherpa-onnx, which the models of [speakers] need, is not installed. Install it with: "
            'pip install "shownotes[speakers]", or take the two models out of [speakers].'
        )
    asked = [str(wav), str(segmentation), str(embedding), str(most_voices or -1)]
    done = subprocess.run(
        [sys.executable, "-m", __name__, *asked], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise ModelBrokenError(
            f"sherpa-onnx cannot use {segmentation.name} and {embedding.name}: "
            f"{said[-1].strip() if said else f'it ended with {done.returncode}'}. "
            "Take models made for it, or take both keys out of [speakers]."
        )
    return tuple(Turn(*row) for row in json.loads(done.stdout.splitlines()[-1]))


def assign(words: Sequence[Word], turns: Sequence[Turn]) -> Assignment:
    """Every word to the voice that is heard longest in it, else to the one heard nearest to it."""
    if not turns:
        return Assignment((0,) * len(words), (float("inf"),) * len(words))
    voices: list[int] = []
    margins: list[float] = []
    for word in words:
        shares: dict[int, float] = {}
        for turn in turns:
            inside = min(turn.end, word.end) - max(turn.start, word.start)
            if inside > 0:
                shares[turn.voice] = shares.get(turn.voice, 0.0) + inside
        if shares:
            best = max(shares, key=shares.__getitem__)
            rest = sum(shares.values()) - shares[best]
            margins.append(_SURE * (shares[best] - rest) / max(0.01, word.end - word.start))
        else:
            nearest = min(turns, key=lambda t: max(t.start - word.end, word.start - t.end))
            best = nearest.voice
            margins.append(0.0)
        voices.append(best)
    order = {voice: number for number, voice in enumerate(dict.fromkeys(voices))}
    return Assignment(tuple(order[voice] for voice in voices), tuple(margins))


def _work(wav: str, segmentation: str, embedding: str, most: str) -> None:
    """In the process of its own: prints the turns as JSON."""
    import sherpa_onnx

    from shownotes.adapters.audio import read_samples

    pyannote = sherpa_onnx.OfflineSpeakerSegmentationPyannoteModelConfig(model=segmentation)
    config = sherpa_onnx.OfflineSpeakerDiarizationConfig(
        segmentation=sherpa_onnx.OfflineSpeakerSegmentationModelConfig(pyannote=pyannote),
        embedding=sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=embedding),
        clustering=sherpa_onnx.FastClusteringConfig(num_clusters=int(most), threshold=_THRESHOLD),
        min_duration_on=_SHORTEST_SPEECH_S,
        min_duration_off=_SHORTEST_PAUSE_S,
    )
    engine = sherpa_onnx.OfflineSpeakerDiarization(config)
    samples = read_samples(Path(wav), start=0.0, end=_FOREVER_S)
    result = engine.process(samples).sort_by_start_time()
    print(json.dumps([[turn.start, turn.end, turn.speaker] for turn in result]))


if __name__ == "__main__":
    _work(*sys.argv[1:5])
