"""What is walked in the benchmarks: models, speech of any length, and the command."""

import itertools
import shutil
import sys
from pathlib import Path

from benchmarks.dummy_whisper import SHAPES, make_model
from benchmarks.measuring import WORK

TEXT = (
    "Good morning, and welcome back. Today we ask who pays when the river rises. "
    "My guest has spent ten years counting bridges, pumps and promises. What did you find? "
    "Well, the short answer is that nobody planned for it. The long answer takes an hour. "
)
DEMO = Path(__file__).parents[1] / "src" / "shownotes" / "models" / "speech-demo"


def weights(shape: str) -> Path:
    """The folder of a model: `demo`, or one of the real shapes with random weights, made once."""
    if shape == "demo":
        return DEMO
    if shape not in SHAPES:
        raise ValueError(f"{shape!r} is no shape: {', '.join(SHAPES)}")
    folder = WORK / f"dummy-{shape}"
    return folder if (folder / "model.bin").is_file() else make_model(folder, shape=shape)


def speech_mp3(minutes: float) -> Path:
    """Synthetic speech with ordinary pauses, as an MP3 of constant rate, made once."""
    path = WORK / f"speech-{minutes:g}.mp3"
    if path.is_file():
        return path
    import numpy as np

    from shownotes.adapters.encoding import encode_chunks
    from training.speech.speak import speak

    WORK.mkdir(parents=True, exist_ok=True)
    speech = speak(TEXT)
    pause = np.zeros(int(0.6 * speech.sample_rate_hz), np.float32)
    once = (np.concatenate([speech.samples, pause]) * 32_767).astype(np.int16)[None, :]
    count = int(minutes * 60 * speech.sample_rate_hz / once.shape[1]) + 1
    writing = path.with_suffix(".making.mp3")
    encode_chunks(itertools.repeat(once, count), writing, sample_rate_hz=speech.sample_rate_hz)
    return writing.replace(path)


def walk_command(
    model: Path, audio: Path, threads: int, *, is_loud: bool, is_plain: bool = True
) -> list[str]:
    """A fresh working folder with the audio, and the command that makes show notes of it.

    Args:
        model: a folder of weights.
        audio: any file.
        threads: of the engine.
        is_loud: whether loudness is measured.
        is_plain: without Prefect.
    """
    root = WORK / "walk"
    shutil.rmtree(root, ignore_errors=True)
    for name in ("audio", "output"):
        (root / name).mkdir(parents=True)
    shutil.copyfile(audio, root / "audio" / audio.name)
    (root / "audio" / f"{audio.stem}.toml").write_text('language = "en"\n', encoding="utf-8")
    # The demo model has a name of its own; its folder would be taken for a user's model.
    name = "demo" if model == DEMO else model.as_posix()
    (root / "shownotes.toml").write_text(
        f"[audio]\nmeasure_loudness = {str(is_loud).lower()}\n"
        f'[speech]\nmodel = "{name}"\ndevice = "cpu"\nthreads = {threads}\n',
        encoding="utf-8",
    )
    program = "from shownotes.cli import main; main()"
    plain = ["--no-prefect"] if is_plain else []
    return [sys.executable, "-c", program, "process", *plain, "--root", str(root)]
